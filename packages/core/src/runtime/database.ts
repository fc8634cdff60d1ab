import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { Db } from '../context.ts';
import { type PoolName, dependencies } from '../telemetry/contract.ts';
import { guardDatabase } from './database-guard.ts';
import { type SignIn, plainSignIn } from './database-sign-in.ts';
import { createSockets, startupPadding } from './database-sockets.ts';
import type { Logger } from './log.ts';
import { isReadOnly, isSignInRefused } from './outage.ts';
import { isRefusedByPooler, poolerHelp } from './pooler.ts';

export type Database = {
  db: Db;
  sql: postgres.Sql;
  /** Queries the server even while the circuit breaker is open. */
  check(): Promise<unknown>;
  close(): Promise<void>;
};

/** The lock timeout: transactions that hold a lock are quick, or stuck. */
const lockSeconds = 5;

type Pool = {
  url: string;
  poolSize: number;
  applicationName: string;
  /** Its name in metrics. */
  poolName?: PoolName;
  log: Logger;
  statementSeconds?: number;
  /** How long after the statement timeout the server counts as unresponsive. */
  slackSeconds?: number;
  /** Connections are reopened after 1 to 1.5 times this, so that new replicas get their share of them. */
  lifetimeSeconds?: number;
  signIn?: SignIn;
  /**
   * Plans each statement once, with indexes wherever there are some. For short statements on tables of a queue, which
   * change faster than their statistics, and whose planning costs more than their execution.
   */
  fixedPlans?: boolean;
};

/** One permanent connection without a statement timeout, for migrations. The caller must end it. */
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

/** Opens the database for analytical reads: `readerUrl`, or `writer` if it is undefined. `writer` is never closed by it. */
export function openReader(
  writer: Pick<Database, 'db'>,
  { readerUrl, ...pool }: Omit<Pool, 'url'> & { readerUrl: string | undefined },
): Pick<Database, 'db' | 'close'> {
  if (readerUrl === undefined) return { db: writer.db, close: async () => {} };
  const applicationName = `${pool.applicationName}-reader`;
  return openPool({ ...pool, url: readerUrl, applicationName, poolName: 'reader' }, false);
}

/**
 * A pool of connections to a primary, opened when needed, behind a circuit breaker. `statementSeconds` limits statements
 * and idle transactions. If the server is unresponsive for a little longer, pending queries fail, and later ones fail
 * immediately until it answers again. After a failover, connections to the former primary are dropped, even if its name
 * still resolves to it.
 */
export function openDatabase(pool: Pool): Database {
  return openPool(pool, true);
}

function openPool(pool: Pool, isWriter: boolean): Database {
  const { url, poolSize, applicationName, log, statementSeconds = 10, slackSeconds = 3 } = pool;
  const { lifetimeSeconds = 600, signIn = plainSignIn, fixedPlans = false, poolName = 'main' } = pool;
  const sockets = createSockets({
    silenceSeconds: statementSeconds + slackSeconds,
    getPassword: signIn.passwordFor(url),
    secureContext: signIn.secureContext,
  });
  // The types of postgres.js lack this option.
  const custom = { socket: sockets.open };
  const sql = postgres(url, {
    ...custom,
    password: sockets.password,
    max: poolSize,
    connect_timeout: 5,
    max_lifetime: lifetimeSeconds * (1 + Math.random() / 2),
    ...(isWriter && { target_session_attrs: 'primary' as const }),
    // By default, up to 20 s pass before the next attempt, and queries wait as long to fail.
    backoff: (retries: number) => Math.min(0.05 * 2 ** retries, 1),
    onnotice: () => {},
    connection: {
      ...startupPadding,
      application_name: applicationName,
      statement_timeout: statementSeconds * 1000,
      idle_in_transaction_session_timeout: statementSeconds * 1000,
      lock_timeout: lockSeconds * 1000,
      ...(fixedPlans && { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off' }),
    },
  });
  let isPoolerReported = false;
  let waiting = 0;
  const endReports = reportPool(poolName, {
    size: poolSize,
    open: sockets.count,
    waiting: () => waiting,
  });
  const guarded = guardDatabase(sql, {
    name: `Postgres (${applicationName})`,
    pool: poolName,
    log,
    // Longer than `silenceSeconds`: a query on an unresponsive socket ends with the socket.
    answerSeconds: statementSeconds + 2 * slackSeconds,
    onWaiting(count) {
      waiting = count;
      sockets.setWaiting(count);
    },
    onFailure(error) {
      if (isSignInRefused(error)) signIn.invalidate();
      if (!isPoolerReported && isRefusedByPooler(error)) {
        isPoolerReported = true;
        log.error({ err: error }, poolerHelp);
      }
      if (isWriter && isReadOnly(error)) sockets.drop();
    },
  });
  return {
    db: drizzle(guarded.client),
    sql: guarded.sql,
    check: guarded.check,
    async close() {
      guarded.stop();
      endReports();
      sockets.stop();
      await sql.end({ timeout: 5 });
    },
  };
}

/** Reports a pool by what is known of it: its open connections, and the queries and transactions that run or wait. */
function reportPool(
  name: PoolName,
  { size, open, waiting }: { size: number; open: () => number; waiting: () => number },
): () => void {
  const labels = { 'db.client.connection.pool.name': name };
  const used = () => Math.min(open(), waiting());
  const ends = [
    dependencies.pools.observe(() => [
      { value: used(), labels: { ...labels, 'db.client.connection.state': 'used' } },
      { value: open() - used(), labels: { ...labels, 'db.client.connection.state': 'idle' } },
    ]),
    dependencies.poolSizes.observe(() => [{ value: size, labels }]),
    dependencies.pending.observe(() => [{ value: waiting() - used(), labels }]),
  ];
  return () => {
    for (const end of ends) end();
  };
}
