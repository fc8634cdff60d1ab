import { errorCodes } from '@portfolio/core/errors';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { operationsFile, telemetryFile } from './rest/openapi-write.ts';
import { describeApi } from './rest/openapi.ts';
import { withMetrics } from './metrics-table.ts';
import { describeOperations } from './rest/operations-table.ts';

let text: string;
beforeAll(async () => {
  text = await readFile(new URL('../../../docs/api.md', import.meta.url), 'utf8');
});

const rowsOf = (columns: number) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
    .filter((cells) => cells.length === columns);

test('docs/operations.md lists every operation with its route (to update it: npm run openapi)', async () => {
  expect(await readFile(operationsFile, 'utf8')).toBe(describeOperations(describeApi()));
});

test('docs/telemetry.md lists every metric of the contract (to update it: npm run openapi)', async () => {
  const guide = await readFile(telemetryFile, 'utf8');
  expect(guide).toBe(withMetrics(guide));
});

test('docs/api.md lists every kind of problem with its status', () => {
  const explained = rowsOf(3)
    .filter(([code = '']) => code in errorCodes)
    .map(([code, status]) => [code, Number(status)]);
  const codes = Object.entries(errorCodes).map(([code, { status }]) => [code, status]);
  expect(Object.fromEntries(explained)).toEqual(Object.fromEntries(codes));
});

/** A file of tests and, after it in quotation marks, names of its tests; ` > ` leads from a group to a test in it. */
const references = /`([\w./-]+\.test\.tsx?)`((?:,? “[^”]+”)*)/g;

/** The names of tests and groups in a document, each with its file. */
function citationsOf(document: string) {
  const found = [...document.replaceAll(/\s+/g, ' ').matchAll(references)];
  return found.map(([, file = '', quoted = '']) => {
    const names = [...quoted.matchAll(/“([^”]+)”/g)].flatMap(([, name = '']) => name.split(' > '));
    return { file, names };
  });
}

const fileAt = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe.each(['docs/security.md', 'docs/security-verification.md'])('%s', (document) => {
  test('names only tests that exist, by their whole names', async () => {
    const missing: string[] = [];
    let count = 0;
    for (const { file, names } of citationsOf(await fileAt(document))) {
      const source = await fileAt(file).catch(() => '');
      const has = (name: string) => ["'", '"', '`'].some((quote) => source.includes(quote + name + quote));
      if (source === '') missing.push(file);
      missing.push(...names.filter((name) => !has(name)).map((name) => `${file}: ${name}`));
      count += names.length;
    }
    expect(missing).toEqual([]);
    expect(count).toBeGreaterThan(10);
  });

  test('claims in no line that something is tested without naming a test', async () => {
    const claims = (await fileAt(document))
      .split('\n')
      .filter((line) => /\*\*(tested|in part)\*\*.*\|.*\|/.test(line) && line.split('|').length === 6);
    expect(claims.filter((line) => !/\.test\.tsx?` “/.test(line))).toEqual([]);
  });
});
