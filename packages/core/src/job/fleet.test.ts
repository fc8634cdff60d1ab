import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestServices, testServices } from '../../../../tests/support/services.ts';
import { type Shares, type Slots, limitsOf, removeWorker, reportWorker, seenWithinSeconds } from './fleet.ts';
import { jobWorkers } from './job.sql.ts';
import { ofEachKind } from './kinds.ts';

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
beforeEach(() => platform.workerDb.delete(jobWorkers));
afterAll(() => platform.stop());

const none = ofEachKind(() => 0);
const shares: Shares = { ...ofEachKind(() => 1), all: 1 };
const report = (id: string, slots: Partial<Slots>) =>
  reportWorker(platform.workerDb, { id, slots: { ...none, ...slots }, shares });
const age = (id: string, seconds: number) =>
  platform.workerDb
    .update(jobWorkers)
    .set({ seenAt: sql`now() - make_interval(secs => ${seconds})` })
    .where(eq(jobWorkers.id, id));

test('the fleet has the slots of all workers that live, as each reported last', async () => {
  expect(await report('one', { 'export.pdf': 2 })).toEqual({ ...none, 'export.pdf': 2 });
  const both = { 'export.pdf': 5, 'evidence.sync': 1 };
  expect(await report('two', { 'export.pdf': 3, 'evidence.sync': 1 })).toEqual({ ...none, ...both });
  expect(await report('two', { 'export.pdf': 1 })).toEqual({ ...none, 'export.pdf': 3 });
});

test('a worker that was not seen for a minute, or has ended, has no slots', async () => {
  await report('lost', { 'export.pdf': 2 });
  await report('ended', { 'export.pdf': 2 });
  await age('lost', seenWithinSeconds + 1);
  expect(await report('mine', { 'export.pdf': 1 })).toMatchObject({ 'export.pdf': 3 });
  await removeWorker(platform.workerDb, 'ended');
  expect(await report('mine', { 'export.pdf': 1 })).toMatchObject({ 'export.pdf': 1 });
  expect(await report('lost', { 'export.pdf': 2 })).toMatchObject({ 'export.pdf': 3 });
});

test('a worker that ends removes those that were lost a day ago', async () => {
  for (const id of ['old', 'young', 'mine']) await report(id, {});
  await age('old', 90_000);
  await age('young', 80_000);
  await removeWorker(platform.workerDb, 'mine');
  expect(await platform.workerDb.select({ id: jobWorkers.id }).from(jobWorkers)).toEqual([{ id: 'young' }]);
});

test('one portfolio may use its share of the slots, by kind and in all, one slot at least, and without a limit all', () => {
  const fleet = { ...none, 'export.pdf': 3, 'webhook.deliver': 8 };
  const given = { ...shares, 'export.pdf': 0.5, 'webhook.deliver': 0.01, all: 0.5 };
  const { ofKind, inAll } = limitsOf(fleet, given);
  expect(ofKind).toMatchObject({ 'export.pdf': 2, 'webhook.deliver': 1 });
  expect(ofKind['evidence.sync']).toBeGreaterThan(1_000_000);
  expect(inAll).toBe(6);
});
