import postgres from 'postgres';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createBreaker } from './breaker.ts';
import type { Logger } from './log.ts';
import { DependencyUnavailable, NoAnswer, isOutage } from './outage.ts';

const noop = () => {};

type Transaction = (tx: postgres.TransactionSql) => Promise<unknown>;

/**
 * Puts a breaker and a time-out before everything that is asked of a pool: `client` is for Drizzle, `sql` for
 * transactions and notifications. (A tagged query of `sql` itself goes straight to the server.) A transaction has begun
 * in time or never does; what its own code throws says nothing of the server. `check` asks whatever the breaker says.
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
    /** Told of every query that failed, and of every transaction when it has ended. */
    onFailure: (error: unknown) => void;
  },
) {
  const check = () => inTime(() => sql`select 1`, noop);
  const breaker = createBreaker(name, log, { failures: 1, probe: check });
  let waiting = 0;

  /** Waits for what `start` begins, which may call `begun` to have no more time-out. */
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

  function ask(create: () => Query): Promise<unknown> {
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
    // What was not sent by then must not be done later, when nobody knows of it. Nothing is asked in its place: were it
    // cancelled, a connection that is being made for it would wait without end for what it is to send.
    const forget = () => {
      isLate = true;
      if (!wasSent(query)) Object.assign(query, { strings: [''], args: [] });
    };
    return breaker.run(() => inTime(answer, forget));
  }

  function unsafe(...given: Parameters<postgres.Sql['unsafe']>) {
    let asValues = false;
    const create = () => (asValues ? sql.unsafe(...given).values() : sql.unsafe(...given));
    // Sent a moment later, as postgres.js does: `values` may follow.
    const answer = Promise.resolve().then(() => ask(create));
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
            // A failed rollback says less than what it was for.
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
 * True for what a server said. With postgres.js 3.4.9, what is asked first of a new connection may get the error that the
 * one before it ended with: what was not sent yet is asked once more then.
 */
const isOfServer = (error: unknown) => error instanceof postgres.PostgresError;

type Connection = { isLost: boolean };

/**
 * What a transaction's own code comes to; nothing, ever, where its connection was lost meanwhile. The transaction has
 * failed then, but postgres.js would still write its end to the connection that is gone, and the process would end.
 */
async function endWith<T>(connection: Connection, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // The query is told of it a little earlier than the transaction.
    if (isOutage(error)) await nextTurn();
    throw error;
  } finally {
    if (connection.isLost) await new Promise(noop);
  }
}

/** A transaction that asks nothing more of a connection that was lost, which postgres.js would not survive either. */
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
