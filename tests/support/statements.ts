import { allOperations } from '@portfolio/core';
import { readBacklog } from '@portfolio/core/job/backlog';
import { enqueueDue } from '@portfolio/core/job/due';
import { reportWorker } from '@portfolio/core/job/fleet';
import { prepareAll } from '@portfolio/core/sql';
import { drizzle } from 'drizzle-orm/postgres-js';

export type Query = { sql: string; params: unknown[] };
type Session = { prepareQuery(query: Query, fields: unknown, name: string | undefined): unknown };

/** Every prepared statement of the core by its name. It needs no database. */
export function readStatements(): Map<string, Query> {
  const db = drizzle.mock();
  const statements = new Map<string, Query>();
  const session = Reflect.get(db, 'session') as Session;
  const { prepareQuery } = session;
  session.prepareQuery = (...args) => {
    const [query, , name = ''] = args;
    if (statements.has(name)) throw new Error(`Two statements have the name "${name}".`);
    statements.set(name, query);
    return prepareQuery.apply(session, args);
  };
  // Every module that prepares statements is loaded with these.
  if ([allOperations, readBacklog, enqueueDue, reportWorker].length > 0) prepareAll(db);
  return statements;
}
