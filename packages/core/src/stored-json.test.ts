import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readDetails } from './audit/schemas.ts';
import { auditDetailsSchema } from './audit-details.ts';
import { caseStudyContentSchema, readContent } from './case-study/schemas.ts';
import { downloadPartSchema, readParts, readValidators, validatorsSchema } from './evidence/schemas.ts';
import { type JobKind, jobKindSchema, jobKinds } from './job/kinds.ts';
import { jobErrorSchema } from './job/schemas.ts';
import { readError, readPayload, readResult } from './job/stored.ts';
import forms from './stored-forms.json' with { type: 'json' };
import { readerOf } from './stored-json.ts';
import { messageSchema, readMessage } from './webhook/schemas.ts';

type Stored = { schema: z.ZodType; read: (stored: unknown) => unknown };

const ofEachKind = (column: string, of: (kind: JobKind) => Stored) =>
  Object.fromEntries(jobKindSchema.options.map((kind) => [`${column} ${kind}`, of(kind)]));

const anything = z.record(z.string(), z.unknown());
const unread: Stored = { schema: anything, read: (stored) => stored };
const period = caseStudyContentSchema.shape.period.unwrap();

/** The JSON columns: the schema of the values written today, and their reader. */
const columns: Record<string, Stored> = {
  'audit_log.details': { schema: auditDetailsSchema, read: readDetails },
  'case_studies.period': { schema: period, read: (stored) => period.parse(stored) },
  'case_study_revisions.content': { schema: caseStudyContentSchema, read: readContent },
  'evidence.validators': { schema: validatorsSchema, read: readValidators },
  'evidence_downloads.parts': { schema: z.array(downloadPartSchema), read: readParts },
  // Returned unchanged, whatever the operation returns today.
  'idempotency_keys.response': unread,
  'job_events.error': { schema: jobErrorSchema, read: readError },
  'jobs.error': { schema: jobErrorSchema, read: readError },
  ...ofEachKind('jobs.payload', (kind) => ({
    schema: jobKinds[kind].payload,
    read: (stored) => readPayload(kind, stored),
  })),
  ...ofEachKind('jobs.result', (kind) => ({
    schema: jobKinds[kind].storedResult,
    read: (stored) => readResult(kind, stored),
  })),
  // Read by statements, whatever kinds they have.
  'job_workers.shares': unread,
  'job_workers.slots': unread,
  // Compared with what the groups of a token give.
  'people.group_roles': unread,
  'webhook_deliveries.payload': { schema: messageSchema, read: readMessage },
  // Sent unchanged.
  'webhook_events.data': unread,
};

/** Every form that was ever written to a column, oldest first. */
const allForms: [string, number, unknown][] = Object.entries(forms).flatMap(([column, written]) =>
  (written as unknown[]).map((form, at): [string, number, unknown] => [column, at, form]),
);

async function jsonColumns(): Promise<string[]> {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const modules = await Promise.all(
    files
      .filter((file) => file.endsWith('.sql.ts'))
      .map((file) => import(new URL(file, import.meta.url).href) as Promise<Record<string, unknown>>),
  );
  const tables = modules.flatMap((module) =>
    Object.values(module).filter((value) => value instanceof PgTable),
  );
  return tables.flatMap((table) => {
    const { name, columns: all } = getTableConfig(table);
    return all.filter((column) => /json/.test(column.getSQLType())).map((column) => `${name}.${column.name}`);
  });
}

test('every JSON column has its forms in stored-forms.json, and its schema and reader in this test', async () => {
  const known = Object.keys(columns).map((name) => name.replace(/ .*/, ''));
  expect([...new Set(known)].toSorted()).toEqual((await jsonColumns()).toSorted());
  expect(Object.keys(forms).toSorted()).toEqual(Object.keys(columns).toSorted());
});

test.each(allForms)('%s: form %i is read in the current shape', (column, _, form) => {
  const { schema, read } = columns[column]!;
  const value = read(form);
  expect(schema.parse(value)).toEqual(value);
  expect(value).toMatchObject(form as object);
});

const isPayload = (column: string) => column.startsWith('jobs.payload');
const tolerant = allForms.filter(([column]) => columns[column] !== unread && !isPayload(column));

test.each(tolerant)('%s: form %i is read without fields that a later version added', (column, _, form) => {
  const { read } = columns[column]!;
  expect(read(withMore(form))).toEqual(read(form));
});

test.each(allForms.filter(([column]) => isPayload(column)))(
  '%s: form %i is refused with fields that a later version added: all of a payload has to be done',
  (column, _, form) => {
    expect(() => columns[column]!.read(withMore(form))).toThrow('Unrecognized key');
  },
);

function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    // These have fields of any name.
    name === 'data' || name === 'filter' ? field : withMore(field),
  ]);
  return { ...Object.fromEntries(fields), laterAdded: 1 };
}

test.each(Object.keys(columns))(
  '%s has a form with every field that is written today: add one to stored-forms.json and leave the others',
  (column) => {
    const written = forms[column as keyof typeof forms] as unknown[];
    const missing = fieldsOf(columns[column]!.schema).filter(
      (path) => !written.some((form) => hasField(form, path)),
    );
    expect(missing.map((path) => path.join('.'))).toEqual([]);
  },
);

/** The paths of all fields of a schema, nested fields included. */
function fieldsOf(schema: z.core.$ZodType): string[][] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, field]) => [
      [name],
      ...fieldsOf(field).map((path) => [name, ...path]),
    ]);
  }
  if (schema instanceof z.ZodArray) return fieldsOf(schema.element);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(fieldsOf);
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return fieldsOf(schema.unwrap());
  return [];
}

/** Whether a value has a field; of an array, whether any item has it. */
function hasField(value: unknown, [name, ...rest]: string[]): boolean {
  if (name === undefined) return true;
  if (Array.isArray(value)) return value.some((item) => hasField(item, [name, ...rest]));
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false;
  return hasField((value as Record<string, unknown>)[name], rest);
}

describe('stored JSON', () => {
  const before = z.strictObject({ name: z.string().min(1) });
  const written = before.parse({ name: 'Old' });

  test('gets null for an added field that is nullable', () => {
    const after = before.extend({ team: z.string().max(9).nullable() });
    expect(readerOf(after)(written)).toEqual({ name: 'Old', team: null });
  });

  test('gets the default of an added field that has one', () => {
    const after = before.extend({
      teams: z.array(z.string()).default([]),
      size: z.int().nullable().default(3),
    });
    expect(readerOf(after)(written)).toEqual({ name: 'Old', teams: [], size: 3 });
  });

  test('has no value for an added field that is optional', () => {
    expect(readerOf(before.extend({ team: z.string().optional() }))(written)).toEqual({ name: 'Old' });
  });

  test('loses removed fields at any depth', () => {
    const after = z.strictObject({
      list: z.array(before),
      one: z.union([before, z.strictObject({ a: z.int() })]),
    });
    const stored = { list: [{ name: 'a', gone: 1 }], one: { a: 1, gone: 1 }, gone: 1 };
    expect(readerOf(after)(stored)).toEqual({ list: [{ name: 'a' }], one: { a: 1 } });
  });

  test('may exceed the limits of today', () => {
    expect(readerOf(z.object({ name: z.string().max(2) }))(written)).toEqual(written);
  });

  test('is refused if an added field is required and has no default', () => {
    expect(() => readerOf(before.extend({ team: z.string() }))(written)).toThrow('team');
  });
});
