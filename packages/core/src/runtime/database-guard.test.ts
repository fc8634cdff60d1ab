import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:net';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { testDatabase } from '../../../../tests/support/database.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { guardDatabase } from './database-guard.ts';
import { NoAnswer } from './outage.ts';

const noop = () => {};

test('a query that timed out before its connection was open is never sent, and does not block its slot of the pool', async () => {
  const database = await testDatabase();
  const { hostname, port } = new URL(database.url);
  const isOpen = Promise.withResolvers<void>();
  const custom = {
    async socket() {
      await isOpen.promise;
      return connect(Number(port), hostname);
    },
  };
  const sql = postgres(database.url, { ...custom, max: 1 });
  const guarded = guardDatabase(sql, {
    name: 'X',
    pool: 'main',
    log: silentLog,
    answerSeconds: 0.3,
    onWaiting: noop,
    onFailure: noop,
  });
  const asked = guarded.client.unsafe('create table timed_out ()');
  await expect(asked).rejects.toThrow(NoAnswer);
  isOpen.resolve();
  const [row] = await Promise.race([
    sql`select to_regclass('timed_out') as made`,
    wait(10_000, [{ made: 'nothing was answered' }]),
  ]);
  expect(row).toEqual({ made: null });
  guarded.stop();
  await sql.end({ timeout: 1 });
  await database.drop();
});
