import { type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { timestamp } from 'drizzle-orm/pg-core';
import type { Db } from './context.ts';

/** A timestamp column with time zone and microseconds. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

/** A timestamp as ISO 8601 in UTC with milliseconds, formatted by Postgres. */
export function iso(column: AnyPgColumn | SQL): SQL<string> {
  return sql<string>`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** As `iso`, for a column that may be null. */
export const isoOrNull = (column: AnyPgColumn) => iso(column) as SQL<string | null>;

type Fields = Record<string, AnyPgColumn | SQL>;

/** A JSON object that Postgres builds from the fields, so that a row arrives ready to send. */
export function jsonObject<T>(fields: Fields): SQL<T> {
  const pairs = Object.entries(fields).map(([key, value]) => sql`${sql.raw(`'${key}'`)}, ${value}`);
  return sql<T>`json_build_object(${sql.join(pairs, sql`, `)})`;
}

/** The rows of a subquery as a JSON array in the given order; an empty array if there are none. */
export function jsonArray(item: SQL | AnyPgColumn, order: AnyPgColumn, from: SQL): SQL {
  return sql`(select coalesce(json_agg(${item} order by ${order}), '[]'::json) from ${from})`;
}

/**
 * A statement that is prepared once per client. An unprepared Drizzle query costs an extra round trip and planning
 * (measured: 3.5 times slower), so every query on a hot path is built here and ends in `.prepare(name)`.
 */
export function prepared<Statement>(build: (db: Db) => Statement): (db: Db) => Statement {
  builders.push(build);
  const statements = new WeakMap<Db, Statement>();
  return (db) => {
    let statement = statements.get(db);
    if (statement === undefined) {
      statement = build(db);
      statements.set(db, statement);
    }
    return statement;
  };
}

const builders: ((db: Db) => unknown)[] = [];

/** Prepares every statement of the loaded modules, for a test that reads them all. */
export function prepareAll(db: Db): void {
  for (const build of builders) build(db);
}
