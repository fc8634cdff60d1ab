import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { Db } from '../context.ts';
import { guardDatabase } from './database-guard.ts';
import { type SignIn, plainSignIn } from './database-sign-in.ts';
import { createSockets, startupPadding } from './database-sockets.ts';
import type { Logger } from './log.ts';
import { isReadOnly, isSignInRefused } from './outage.ts';

export type Database = {
  db: Db;
  sql: postgres.Sql;
  /** Asks the server itself, also while the breaker is open. */
  check(): Promise<unknown>;
  close(): Promise<void>;
};

/** How long a lock is waited for: those who hold one are quick, or are stuck. */
const lockSeconds = 5;

type Pool = {
  url: string;
  poolSize: number;
  applicationName: string;
  log: Logger;
  statementSeconds?: number;
  /** What a statement's answer may take longer than the statement, before the server counts as mute. */
  slackSeconds?: number;
  /** Up to half as much longer, a connection is made anew: so replicas that come get their part of them. */
  lifetimeSeconds?: number;
  signIn?: SignIn;
};

/** One connection that lasts, with no limit on how long a statement takes: for migrations. Whoever opens it ends it. */
export function openConnection(url: string, signIn: SignIn): postgres.Sql {
  const sockets = createSockets({
    silenceSeconds: Infinity,
    getPassword: signIn.passwordFor(url),
    secureContext: signIn.secureContext,
  });
  sockets.stop();
  const custom = { socket: sockets.open };
  return postgres(url, {
    ...custom,
    password: sockets.password,
    max: 1,
    max_lifetime: null,
    onnotice: () => {},
    connection: { ...startupPadding, application_name: 'portfolio-migrations' },
  });
}

/** What serves analytical reads: the database at `readerUrl`, or where there is none `writer`, which it never closes. */
export function openReader(
  writer: Pick<Database, 'db'>,
  { readerUrl, ...pool }: Omit<Pool, 'url'> & { readerUrl: string | undefined },
): Pick<Database, 'db' | 'close'> {
  return readerUrl === undefined
    ? { db: writer.db, close: async () => {} }
    : openPool({ ...pool, url: readerUrl, applicationName: `${pool.applicationName}-reader` }, false);
}

/**
 * A pool of connections to a primary, opened as they are needed, behind a circuit breaker. No statement takes longer than
 * `statementSeconds`, no transaction is idle for as long, and a server that is mute is given up a little later: what was
 * asked fails, and so does the rest at once, until the server answers again. After a failover no connection to what was the
 * primary is used any more, also where the name still leads there.
 */
export function openDatabase(pool: Pool): Database {
  return openPool(pool, true);
}

function openPool(pool: Pool, isWriter: boolean): Database {
  const { url, poolSize, applicationName, log, statementSeconds = 10, slackSeconds = 3 } = pool;
  const { lifetimeSeconds = 600, signIn = plainSignIn } = pool;
  const sockets = createSockets({
    silenceSeconds: statementSeconds + slackSeconds,
    getPassword: signIn.passwordFor(url),
    secureContext: signIn.secureContext,
  });
  // The types of postgres.js do not know this option.
  const custom = { socket: sockets.open };
  const sql = postgres(url, {
    ...custom,
    password: sockets.password,
    max: poolSize,
    connect_timeout: 5,
    max_lifetime: lifetimeSeconds * (1 + Math.random() / 2),
    ...(isWriter && { target_session_attrs: 'primary' as const }),
    // By default up to 20 s pass before it is tried again, and queries wait for as long to fail.
    backoff: (retries: number) => Math.min(0.05 * 2 ** retries, 1),
    onnotice: () => {},
    connection: {
      ...startupPadding,
      application_name: applicationName,
      statement_timeout: statementSeconds * 1000,
      idle_in_transaction_session_timeout: statementSeconds * 1000,
      lock_timeout: lockSeconds * 1000,
    },
  });
  const guarded = guardDatabase(sql, {
    name: `Postgres (${applicationName})`,
    log,
    // Longer than the sockets' silence: what is stuck on one is ended with it.
    answerSeconds: statementSeconds + 2 * slackSeconds,
    onWaiting: sockets.setWaiting,
    onFailure(error) {
      if (isSignInRefused(error)) signIn.doubt();
      if (isWriter && isReadOnly(error)) sockets.drop();
    },
  });
  return {
    db: drizzle(guarded.client),
    sql: guarded.sql,
    check: guarded.check,
    async close() {
      guarded.stop();
      sockets.stop();
      await sql.end({ timeout: 5 });
    },
  };
}
