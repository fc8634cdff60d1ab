import { Param, Placeholder } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { format } from 'sql-formatter';
import { expect, test } from 'vitest';
import { allOperations } from '../index.ts';
import { prepareAll } from '../sql.ts';

type Query = { sql: string; params: unknown[] };
type Session = { prepareQuery(query: Query, fields: unknown, name: string | undefined): unknown };

/** Every prepared statement of the core by its name. It needs no database. */
function readStatements(): Map<string, Query> {
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
  // Every module that prepares statements is loaded with the operations.
  if (allOperations.length > 0) prepareAll(db);
  return statements;
}

/** One clause a line, no quotes around identifiers, and `:name` or the value itself instead of `$1`. */
function readable({ sql, params }: Query): string {
  const unquoted = sql.replaceAll(/'[^']*'|"(\w+)"/g, (match, name?: string) => name ?? match);
  const formatted = format(unquoted, { language: 'postgresql', expressionWidth: 100 });
  return formatted.replaceAll(/\$(\d+)/g, (_, number: string) => {
    const param = params[Number(number) - 1];
    const value = param instanceof Param ? param.value : param;
    return value instanceof Placeholder ? `:${String(value.name)}` : JSON.stringify(value);
  });
}

test('the SQL of every statement about jobs is the reviewed one (statements.sql)', async () => {
  const statements = [...readStatements()]
    .filter(([name]) => name.startsWith('job_'))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, query]) => `-- ${name}\n${readable(query)};\n`);
  await expect(statements.join('\n')).toMatchFileSnapshot('statements.sql');
});
