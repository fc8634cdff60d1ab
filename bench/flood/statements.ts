import postgres from 'postgres';

/** Calls of statements, by their text with placeholders. */
export type Statements = Map<string, number>;

/** Counts the statements of the API, exactly. The server has to preload `pg_stat_statements`. */
export async function countStatements(url: string, user: string) {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`create extension if not exists pg_stat_statements`;
  return {
    async reset() {
      await sql`select pg_stat_statements_reset()`;
    },
    async read(): Promise<Statements> {
      const rows = await sql<{ query: string; calls: number }[]>`
        select query, sum(calls)::int as calls from pg_stat_statements
        join pg_roles on pg_roles.oid = userid
        where rolname = ${user} and query !~* '^(begin|commit|rollback|set|listen|discard)'
        group by query order by calls desc`;
      return new Map(rows.map(({ query, calls }) => [query, calls]));
    },
    async close() {
      await sql.end();
    },
  };
}

/** API processes exchange counts of rate limits, and write those of refusals, at their own pace, however many requests come. */
const isExchange = (query: string) => /rate_limits|security_events/.test(query);

/** Those that are not also sent while no flood comes. */
export function withoutBackground(statements: Statements, idle: Statements): Statements {
  return new Map([...statements].filter(([query]) => !idle.has(query) && !isExchange(query)));
}

export const callsOf = (statements: Statements) =>
  [...statements.values()].reduce((sum, calls) => sum + calls, 0);
