import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../../tests/support/database.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { type Database, openDatabase } from './database.ts';
import { createRateCounter } from './rate-limit.ts';
import { rateLimits } from './rate-limit.sql.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await testDatabase();
  pool = openDatabase({ url: database.url, poolSize: 4, applicationName: 'test', log: silentLog });
});
beforeEach(() => pool.db.delete(rateLimits));
afterAll(async () => {
  await pool.close();
  await database.drop();
});

/** The clock that the tests control. */
const minute = Date.UTC(2026, 0, 1, 12, 0);
let time = minute;
beforeEach(() => (time = minute));
function counter() {
  const made = createRateCounter(pool.db, silentLog, () => time);
  onTestFinished(() => made.close());
  return made;
}

test('each principal has its own limit in each window', () => {
  const { take } = counter();
  time = minute + 20_000;
  expect(take('ada', 2, 3)).toEqual({ allowed: true, remaining: 1, resetSeconds: 40 });
  expect(take('ada', 2, 3)).toEqual({ allowed: false, remaining: 1, resetSeconds: 40 });
  expect(take('ada', 1, 3)).toMatchObject({ allowed: true, remaining: 0 });
  expect(take('ada', 1, 3)).toMatchObject({ allowed: false, remaining: 0 });
  expect(take('eve', 3, 3)).toMatchObject({ allowed: true });
  time = minute + 60_000;
  expect(take('ada', 1, 3)).toEqual({ allowed: true, remaining: 2, resetSeconds: 60 });
});

test('processes share their counts, however their exchanges interleave', async () => {
  const counters = Array.from({ length: 5 }, () => counter());
  const principals = Array.from({ length: 50 }, (_, at) => `principal ${at}`);
  for (let round = 0; round < 4; round++) {
    await Promise.all(
      counters.map(async ({ take, exchange }, at) => {
        // In orders that would deadlock if rows were locked in them.
        const order = at % 2 === 0 ? principals : principals.toReversed();
        for (const principal of order) take(principal, 1, 1000);
        await exchange();
      }),
    );
  }
  for (const { take, exchange } of counters) {
    take('principal 7', 1, 1000);
    await exchange();
  }
  // Only the last exchange of a round has all counts; one more exchange updates the others.
  expect(counters.map(({ take }) => take('principal 7', 0, 1000).remaining)).toEqual(
    counters.map((_, at) => 1000 - 4 * counters.length - (at + 1)),
  );
});

test('the table contains no addresses, loses past windows, and is unlogged', async () => {
  const { take, exchange } = counter();
  take('address 192.0.2.7', 1, 10);
  await exchange();
  const [first] = await pool.db.select().from(rateLimits);
  expect(first).toMatchObject({ count: 1 });
  expect(JSON.stringify(first)).not.toContain('192.0.2.7');

  time = minute + 120_000;
  take('address 192.0.2.8', 1, 10);
  await exchange();
  const rows = await pool.db.select().from(rateLimits);
  expect(rows).toHaveLength(1);
  expect(rows[0]!.key).not.toBe(first!.key);
  const [table] = await pool.sql`select relpersistence from pg_class where relname = 'rate_limits'`;
  expect(table).toEqual({ relpersistence: 'u' });
});

test('while Postgres is unavailable, a process uses its own counts, and sends them later', async () => {
  const { take, exchange } = counter();
  await pool.sql`alter table rate_limits rename to rate_limits_hidden`;
  take('ada', 3, 5);
  await exchange();
  expect(take('ada', 1, 5)).toMatchObject({ allowed: true, remaining: 1 });
  await exchange();
  await pool.sql`alter table rate_limits_hidden rename to rate_limits`;
  await exchange();
  expect(await pool.db.select().from(rateLimits)).toMatchObject([{ count: 4 }]);
  expect(take('ada', 2, 5)).toMatchObject({ allowed: false, remaining: 1 });
});
