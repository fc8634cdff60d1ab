import postgres from 'postgres';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createBreaker } from './breaker.ts';
import type { Logger } from './log.ts';
import { DependencyUnavailable, NoAnswer, isOutage } from './outage.ts';

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
    log,
    answerSeconds,
    onWaiting,
    onFailure,
  }: {
    name: string;
    log: Logger;
    answerSeconds: number;
    onWaiting: (count: number) => void;
    /** Called for every failed query, and for every failed transaction when it has ended. */
    onFailure: (error: unknown) => void;
  },
) {
  const check = () => inTime(() => sql`select 1`, noop);
  const breaker = createBreaker(name, log, { failures: 1, probe: check });
  let waiting = 0;

  /** Waits for `start` up to the timeout, which `start` can turn off by calling `begun`. */
  function inTime<T>(start: (begun: () => void) => PromiseLike<T>, onLate: () => void): Promise<T> {
    onWaiting((waiting += 1));
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        onLate();
        reject(new NoAnswer(name));
      }, answerSeconds * 1000);
      const end = () => {
        clearTimeout(timer);
        onWaiting((waiting -= 1));
      };
      start(() => clearTimeout(timer)).then(
        (value) => {
          end();
          return resolve(value);
        },
        (error: unknown) => {
          end();
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
    const answer = Promise.resolve().then(() => runQuery(create));
    return Object.assign(answer, {
      values() {
        asValues = true;
        return answer;
      },
    });
  }

  async function begin(work: Transaction): Promise<unknown> {
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
      ),
    );
    if (!('error' in outcome)) return outcome.value;
    onFailure(outcome.error);
    throw outcome.error;
  }

  const notify = (channel: string, payload: string) =>
    breaker.run(() =>
      inTime(
        () => sql.notify(channel, payload),
        () => {},
      ),
    );
  const over = (methods: Record<string | symbol, unknown>): postgres.Sql =>
    new Proxy(sql, { get: (target, key): unknown => methods[key] ?? Reflect.get(target, key) });
  return { client: over({ unsafe, begin }), sql: over({ begin, notify }), check, stop: breaker.stop };
}

type Query = PromiseLike<unknown>;

const wasSent = (query: Query) => Reflect.get(query, 'state') !== null;

/**
 * True for errors that the server reported. With postgres.js 3.4.9, the first query of a new connection may get the error
 * with which the previous connection ended. A query that was not sent yet is then tried once more.
 */
const isOfServer = (error: unknown) => error instanceof postgres.PostgresError;

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
    const answer = Promise.resolve().then(() => {
      if (connection.isLost) throw new DependencyUnavailable('the connection of a transaction');
      return query.catch((error: unknown) => {
        connection.isLost ||= isOutage(error);
        throw error;
      });
    });
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
