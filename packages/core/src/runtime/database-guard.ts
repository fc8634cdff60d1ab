import type postgres from 'postgres';
import { createBreaker } from './breaker.ts';
import type { Logger } from './log.ts';
import { NoAnswer } from './outage.ts';

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
  }: { name: string; log: Logger; answerSeconds: number; onWaiting: (count: number) => void },
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
          return reject(error);
        },
      );
    });
  }

  function ask<T>(query: PromiseLike<T> & { cancel(): void }): Promise<T> {
    // What was not sent by then must not be done later, when nobody knows of it.
    const forget = () => {
      if (Reflect.get(query, 'state') === null) query.cancel();
    };
    return breaker.run(() => inTime(() => query, forget));
  }

  function unsafe(...given: Parameters<postgres.Sql['unsafe']>) {
    const query = sql.unsafe(...given);
    // Sent a moment later, as postgres.js does: `values` may follow.
    const answer = Promise.resolve().then(() => ask(query));
    return Object.assign(answer, {
      values() {
        void query.values();
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
          try {
            const value = await sql.begin(async (tx) => {
              if (isLate) throw new NoAnswer(name);
              begun();
              return work(tx).catch((error: unknown) => {
                thrown = { error };
                throw error;
              });
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
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
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
