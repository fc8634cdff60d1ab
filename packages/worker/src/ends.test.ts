import type { Db } from '@portfolio/core/context';
import { type Lease, type Outcome, transitions } from '@portfolio/core/job/transitions';
import { type Database, openDatabase } from '@portfolio/core/runtime/database';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type JobFixture, failure, jobFixture, result } from '../../../tests/support/jobs.ts';
import { testProxy } from '../../../tests/support/proxy.ts';
import { runAttempt, testRunner } from '../../../tests/support/runner.ts';
import { silentLog } from '../../../tests/support/services.ts';
import { createEnds } from './ends.ts';

const succeeded: Outcome = { type: 'succeeded', result };
const never = new AbortController().signal;

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());
afterEach(() => vi.restoreAllMocks());

const endsOf = (db: Db = fixture.db, leaseSeconds = 30) =>
  createEnds({ pipelineDb: db, leaseSeconds, log: silentLog });
const claimed = async (count: number) => {
  const leases: Lease[] = [];
  for (let at = 0; at < count; at++) leases.push(await fixture.claimed());
  return leases;
};
const statesOf = (leases: readonly Lease[]) =>
  Promise.all(leases.map(async ({ id }) => (await fixture.read(id)).state));

test('ends that come together are stored by one statement, and an end alone by one of its own', async () => {
  const [end, endMany] = [vi.spyOn(transitions, 'end'), vi.spyOn(transitions, 'endMany')];
  const ends = endsOf();
  const leases = await claimed(3);
  const stored = leases.map((lease) => ends.store(lease, 1, succeeded, never));
  expect(await Promise.all(stored)).toEqual([true, true, true]);
  expect(endMany).toHaveBeenCalledTimes(1);
  expect(end).not.toHaveBeenCalled();
  expect(await statesOf(leases)).toEqual(['succeeded', 'succeeded', 'succeeded']);

  const [one] = await claimed(1);
  expect(await ends.store(one!, 1, { type: 'failed', error: failure }, never)).toBe(true);
  expect(end).toHaveBeenCalledTimes(1);
});

test('an end whose job is locked does not delay the others', async () => {
  const [locked, ...others] = (await claimed(3)) as [Lease, Lease, Lease];
  const ends = endsOf();
  let stored: Promise<boolean> | undefined;
  await fixture.db.transaction(async (tx) => {
    await tx.execute(sql`select from jobs where id = ${locked.id} for update`);
    stored = ends.store(locked, 1, succeeded, never);
    await Promise.all(others.map((lease) => ends.store(lease, 1, succeeded, never)));
    expect(await statesOf([locked, ...others])).toEqual(['running', 'succeeded', 'succeeded']);
  });
  expect(await stored).toBe(true);
});

test('an end that the database refuses does not harm the others', async () => {
  const leases = (await claimed(3)) as [Lease, Lease, Lease];
  const ends = endsOf();
  const broken = { type: 'succeeded', result: null } as unknown as Outcome;
  const stored = leases.map((lease, at) => ends.store(lease, 1, at === 1 ? broken : succeeded, never));
  const [first, second, third] = await Promise.allSettled(stored);
  expect([first, third]).toEqual([
    { status: 'fulfilled', value: true },
    { status: 'fulfilled', value: true },
  ]);
  expect(second).toMatchObject({ status: 'rejected' });
  expect(await statesOf(leases)).toEqual(['succeeded', 'running', 'succeeded']);
});

test('an end whose lease is lost, or whose job is to be cancelled, is not stored', async () => {
  const [lost, cancelled, fine] = (await claimed(3)) as [Lease, Lease, Lease];
  await fixture.expire(lost.id);
  await transitions.reapLost(fixture.db);
  await fixture.cancel(cancelled.id);
  const ends = endsOf();
  const stored = [lost, cancelled, fine].map((lease) => ends.store(lease, 1, succeeded, never));
  expect(await Promise.all(stored)).toEqual([false, false, true]);
  expect(await statesOf([lost, cancelled])).toEqual(['queued', 'running']);
});

test('an end whose answer was lost counts as stored, and is not logged as a lost lease', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  const lost = Object.assign(new Error('read'), { code: 'ECONNRESET' });
  const { end } = transitions;
  vi.spyOn(transitions, 'end').mockImplementationOnce(async (...args) => {
    await end(...args);
    throw lost;
  });
  const { id } = await fixture.accept();
  const runner = testRunner(fixture, { log });
  const handlers = { ...runner.handlers, 'export.pdf': async () => async () => result };
  // As a statement of several ends: the batch fails, and each end is stored alone.
  await runAttempt({ ...runner, handlers }, id);
  expect(await fixture.read(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'change of a job not stored; retrying',
  ]);
});

test('several ends whose answer was lost count as stored', async () => {
  const { endMany } = transitions;
  vi.spyOn(transitions, 'endMany').mockImplementationOnce(async (...args) => {
    await endMany(...args);
    throw Object.assign(new Error('read'), { code: 'ECONNRESET' });
  });
  const leases = await claimed(2);
  const ends = endsOf();
  const stored = leases.map((lease) => ends.store(lease, 1, succeeded, never));
  expect(await Promise.all(stored)).toEqual([true, true]);
});

test('more ends than fit into one statement are all stored', async () => {
  const endMany = vi
    .spyOn(transitions, 'endMany')
    .mockImplementation(async (_, given) =>
      given.map(({ lease }) => ({ id: lease.id }) as Awaited<ReturnType<typeof transitions.endMany>>[number]),
    );
  const ends = endsOf();
  const leases = Array.from({ length: 250 }, (_, at) => ({ id: `job_${at}`, token: 'token' }));
  const stored = await Promise.all(leases.map((lease) => ends.store(lease, 1, succeeded, never)));
  expect(stored.every(Boolean)).toBe(true);
  expect(endMany.mock.calls.map(([, given]) => given.length)).toEqual([100, 100, 50]);
});

test('ends are stored when the database is available again', async () => {
  const proxy = await testProxy(fixture.databaseUrl);
  const url = fixture.databaseUrl.replace(new URL(fixture.databaseUrl).host, new URL(proxy.baseUrl).host);
  const database: Database = openDatabase({ url, poolSize: 2, applicationName: 'test', log: silentLog });
  const leases = await claimed(2);
  const ends = endsOf(database.db);
  proxy.down();
  const stored = leases.map((lease) => ends.store(lease, 1, succeeded, never));
  await eventually(() => expect(proxy.refusals()).toBeGreaterThan(1));
  proxy.up();
  expect(await Promise.all(stored)).toEqual([true, true]);
  expect(await statesOf(leases)).toEqual(['succeeded', 'succeeded']);
  await database.close();
  await proxy.stop();
});

test('after a stop, ends are retried for the length of a lease and no longer', async () => {
  const outage = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
  const end = vi.spyOn(transitions, 'end').mockRejectedValue(outage);
  const stored = endsOf(fixture.db, 0.7).store(
    { id: 'job_1', token: 'token' },
    1,
    succeeded,
    AbortSignal.abort(),
  );
  await expect(stored).rejects.toBe(outage);
  expect(end.mock.calls.length).toBeGreaterThan(1);
});
