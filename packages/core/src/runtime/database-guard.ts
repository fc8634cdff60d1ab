import postgres from 'postgres';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type PoolName, dependencies } from '../telemetry/contract.ts';
import type { HotSeries } from '../telemetry/instrument.ts';
import { SpanKind, activeSpan, inSpan } from '../telemetry/trace.ts';
import { createBreaker } from './breaker.ts';
import type { Logger } from './log.ts';
import { DependencyUnavailable, NoAnswer, isOutage, isRolledBack } from './outage.ts';

const noop = () => {};

type Transaction = (tx: postgres.TransactionSql) => Promise<unknown>;

/**
 * Puts a circuit breaker and a timeout around the queries of a pool: `client` is for Drizzle, `sql` for transactions and
 * notifications. (A tagged query of `sql` itself bypasses both.) A transaction begins in time or never; errors of its own
 * code are not failures of the server. `check` queries the server even while the breaker is open.
 */
export function guardDatabase(
  sql: postgres.Sql,
  {
    name,
    pool,
    log,
    answerSeconds,
    onWaiting,
    onFailure,
  }: {
    name: string;
    /** The name of the pool in metrics. */
    pool: PoolName;
    log: Logger;
    answerSeconds: number;
    onWaiting: (count: number) => void;
    /** Called for every failed query, and for every failed transaction when it has ended. */
    onFailure: (error: unknown) => void;
  },
) {
  const check = () => inTime(() => sql`select 1`, noop);
  const breaker = createBreaker(name, log, { failures: 1, probe: check, reportedAs: `postgres.${pool}` });
  const durations = durationsOf(pool);
  let waiting = 0;

  /** Waits for `start` up to the timeout, which `start` can turn off by calling `begun`. */
  function inTime<T>(
    start: (begun: () => void) => PromiseLike<T>,
    onLate: () => void,
    isFailure: (value: T) => boolean = () => false,
  ): Promise<T> {
    onWaiting((waiting += 1));
    const started = performance.now();
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        onLate();
        reject(new NoAnswer(name));
      }, answerSeconds * 1000);
      const end = (series: HotSeries) => {
        clearTimeout(timer);
        onWaiting((waiting -= 1));
        series.record((performance.now() - started) / 1000);
      };
      start(() => clearTimeout(timer)).then(
        (value) => {
          end(isFailure(value) ? durations.failed : durations.ok);
          return resolve(value);
        },
        (error: unknown) => {
          end(durations.failed);
          onFailure(error);
          return reject(error);
        },
      );
    });
  }

  function runQuery(create: () => Query): Promise<unknown> {
    let query: Query;
    let isLate = false;
    async function answer(): Promise<unknown> {
      query = create();
      try {
        return await query;
      } catch (error) {
        if (isLate || wasSent(query) || !isOfServer(error)) throw error;
        query = create();
        return query;
      }
    }
    // A query that was not sent in time must not run later. It is emptied instead of cancelled: a connection that is being
    // opened for it would wait without end for a query to send.
    const discard = () => {
      isLate = true;
      if (!wasSent(query)) Object.assign(query, { strings: [''], args: [] });
    };
    return breaker.run(() => inTime(answer, discard));
  }

  function unsafe(...given: Parameters<postgres.Sql['unsafe']>) {
    let asValues = false;
    const create = () => (asValues ? sql.unsafe(...given).values() : sql.unsafe(...given));
    // Sent a moment later, as postgres.js does: `values` may follow.
    const answer = Promise.resolve().then(() => inStatement(given[0], () => runQuery(create)));
    return Object.assign(answer, {
      values() {
        asValues = true;
        return answer;
      },
    });
  }

  function begin(work: Transaction) {
    // Its own code may refuse: the collector would keep that trace as one with a failure.
    const options = { kind: SpanKind.CLIENT, attributes: ofPostgres, isFailure: isOfDatabase };
    return inSpan('transaction', options, () => runTransaction(work));
  }

  async function runTransaction(work: Transaction): Promise<unknown> {
    let isLate = false;
    let thrown: { error: unknown } | undefined;
    const outcome = await breaker.run(() =>
      inTime(
        async (begun) => {
          let hasBegun = false;
          function attempt() {
            const connection = { isLost: false };
            const over = sql.begin(async (tx) => {
              if (isLate) throw new NoAnswer(name);
              hasBegun = true;
              begun();
              return endWith(
                connection,
                work(guardTransaction(tx, connection)).catch((error: unknown) => {
                  thrown = { error };
                  throw error;
                }),
              );
            });
            over.catch(() => (connection.isLost = true));
            return over;
          }
          try {
            const value = await attempt().catch((error: unknown) => {
              if (hasBegun || !isOfServer(error)) throw error;
              return attempt();
            });
            return { value };
          } catch (error) {
            // The original error says more than that of a failed rollback.
            if (thrown) return thrown;
            throw error;
          }
        },
        () => (isLate = true),
        (ended) => 'error' in ended && isOfDatabase(ended.error),
      ),
    );
    if (!('error' in outcome)) return outcome.value;
    onFailure(outcome.error);
    throw outcome.error;
  }

  const notify = (channel: string, payload: string) =>
    inStatement('notify', () => breaker.run(() => inTime(() => sql.notify(channel, payload), noop)));
  const over = (methods: Record<string | symbol, unknown>): postgres.Sql =>
    new Proxy(sql, { get: (target, key): unknown => methods[key] ?? Reflect.get(target, key) });
  return { client: over({ unsafe, begin }), sql: over({ begin, notify }), check, stop: breaker.stop };
}

const ofPostgres = { 'db.system.name': 'postgresql' };
const maxStatementLength = 1000;

/** Runs a statement, in a span where the caller is traced. Its text has placeholders for all values of users. */
function inStatement<T>(text: string, run: () => Promise<T>): Promise<T> {
  if (!activeSpan()) return run();
  const attributes = { ...ofPostgres, 'db.query.text': text.slice(0, maxStatementLength) };
  const [verb = 'SQL'] = /[a-z]+/i.exec(text) ?? [];
  return inSpan(verb.toUpperCase(), { kind: SpanKind.CLIENT, attributes }, run);
}

/** The series to which the queries of a pool are added. */
function durationsOf(pool: PoolName) {
  const labels = { 'db.client.connection.pool.name': pool };
  return {
    ok: dependencies.queries.series({ ...labels, outcome: 'ok' }),
    failed: dependencies.queries.series({ ...labels, outcome: 'failed' }),
  };
}

type Query = PromiseLike<unknown>;

const wasSent = (query: Query) => Reflect.get(query, 'state') !== null;

/**
 * True for errors that the server reported. With postgres.js 3.4.9, the first query of a new connection may get the error
 * with which the previous connection ended. A query that was not sent yet is then tried once more.
 */
const isOfServer = (error: unknown) => error instanceof postgres.PostgresError;

/** True if a transaction failed because of the database, and not because of its own code. */
const isOfDatabase = (error: unknown) => isRolledBack(error) || isOutage(error);

type Connection = { isLost: boolean };

/**
 * Settles as the code of a transaction does, but never if the connection was lost meanwhile. The transaction has failed
 * then, but postgres.js would still write its end to the lost connection, which would crash the process.
 */
async function endWith<T>(connection: Connection, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // The query is rejected a little earlier than the transaction.
    if (isOutage(error)) await nextTurn();
    throw error;
  } finally {
    if (connection.isLost) await new Promise(noop);
  }
}

/** A transaction that sends no query to a lost connection, which would crash postgres.js, too. */
function guardTransaction(tx: postgres.TransactionSql, connection: Connection): postgres.TransactionSql {
  function unsafe(...given: Parameters<postgres.Sql['unsafe']>) {
    const query = tx.unsafe(...given);
    async function run() {
      if (connection.isLost) throw new DependencyUnavailable('the connection of a transaction');
      try {
        return await query;
      } catch (error) {
        connection.isLost ||= isOutage(error);
        throw error;
      }
    }
    const answer = Promise.resolve().then(() => inStatement(given[0], run));
    return Object.assign(answer, {
      values() {
        void query.values();
        return answer;
      },
    });
  }
  return new Proxy(tx, {
    get: (target, key): unknown => (key === 'unsafe' ? unsafe : Reflect.get(target, key)),
  });
}
