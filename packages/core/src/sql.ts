import { type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { timestamp } from 'drizzle-orm/pg-core';
import type { Db } from './context.ts';

/** A timestamp column with time zone, to the microsecond. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

/** A timestamp as ISO 8601 UTC with milliseconds, written by Postgres. */
export function iso(column: AnyPgColumn | SQL): SQL<string> {
  return sql<string>`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** As `iso`, of a column that may be null. */
export const isoOrNull = (column: AnyPgColumn) => iso(column) as SQL<string | null>;

type Fields = Record<string, AnyPgColumn | SQL>;

/** One JSON object that Postgres builds from the fields: a single item crosses the wire ready-made. */
export function jsonObject<T>(fields: Fields): SQL<T> {
  const pairs = Object.entries(fields).map(([key, value]) => sql`${sql.raw(`'${key}'`)}, ${value}`);
  return sql<T>`json_build_object(${sql.join(pairs, sql`, `)})`;
}

/** Rows of a sub-select as a JSON array in their order; an empty one where there are none. */
export function jsonArray(item: SQL | AnyPgColumn, order: AnyPgColumn, from: SQL): SQL {
  return sql`(select coalesce(json_agg(${item} order by ${order}), '[]'::json) from ${from})`;
}

/**
 * A statement that is prepared once per client. Unprepared Drizzle queries cost an extra round trip and a plan
 * each (measured: 3.5 times slower), so every query of a hot path goes through here and ends in `.prepare(name)`.
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

/** Prepares every statement of the modules that are loaded, so that a test can read them all. */
export function prepareAll(db: Db): void {
  for (const build of builders) build(db);
}
