import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JobFixture, failure, jobFixture, owner, study } from '../../../../tests/support/jobs.ts';
import { operations } from '../index.ts';
import { type Shares, type Slots, reportWorker } from './fleet.ts';
import { jobLimits, jobPauses, jobQueue, jobWorkers, jobs } from './job.sql.ts';
import { ofEachKind } from './kinds.ts';
import { limitJobs } from './limits.ts';
import { pauseJobs, resumeJobs } from './pauses.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.db.delete(jobs);
  await fixture.db.delete(jobPauses);
  await fixture.db.delete(jobLimits);
  await fixture.workerDb.delete(jobWorkers);
});

const waitOf = async (id: string) => (await fixture.read(id)).waiting;
const isStalled = async (id: string) => (await fixture.read(id)).stalled;
const exportStudy = () => operations.caseStudy.export.run(fixture.as(owner), study);
const slots = (count: number): Slots => ofEachKind(() => count);
const shares = (share: Partial<Shares> = {}): Shares => ({ ...ofEachKind(() => 1), all: 1, ...share });
const report = (count: number, share?: Partial<Shares>) =>
  reportWorker(fixture.workerDb, { id: 'host/1/0.2.0', slots: slots(count), shares: shares(share) });

describe('a queued job says that it waits', () => {
  test('for a worker, with its place among the jobs of its portfolio and kind', async () => {
    const ids = [await fixture.accept(), await fixture.accept(), await fixture.accept()].map(({ id }) => id);
    expect(await Promise.all(ids.map(waitOf))).toEqual([
      { for: 'worker', place: 1 },
      { for: 'worker', place: 2 },
      { for: 'worker', place: 3 },
    ]);
  });

  test('for its turn, behind which job', async () => {
    const [first, second, third] = [await exportStudy(), await exportStudy(), await exportStudy()];
    expect(await waitOf(first.id)).toEqual({ for: 'worker', place: 1 });
    await fixture.claim(first.id);
    expect(await waitOf(first.id)).toBeNull();
    expect(await waitOf(second.id)).toEqual({ for: 'turn', jobId: first.id, place: 1 });
    expect(await waitOf(third.id)).toEqual({ for: 'turn', jobId: first.id, place: 2 });
  });

  test('for the time of its next attempt', async () => {
    const { id } = await fixture.accept();
    const lease = await fixture.claim(id);
    await transitions.end(fixture.db, lease, { type: 'retrying', error: failure, delaySeconds: 60 });
    const job = await fixture.read(id);
    expect(job.waiting).toEqual({ for: 'time', until: job.retryAt });
  });

  test('for the end of a pause, of its kind, of its portfolio or of all', async () => {
    const { id } = await fixture.accept();
    const { portfolioId } = fixture;
    for (const scope of [{}, { kind: 'export.pdf' as const }, { portfolioId }]) {
      await pauseJobs(fixture.db, scope, 'a bad release');
      expect(await waitOf(id)).toEqual({ for: 'pause' });
      await resumeJobs(fixture.db, scope);
      expect(await waitOf(id)).toEqual({ for: 'worker', place: 1 });
    }
    await pauseJobs(fixture.db, { kind: 'evidence.sync' }, 'an abused source');
    expect(await waitOf(id)).toEqual({ for: 'worker', place: 1 });
  });

  test('for a limit of its portfolio, which follows the size of the fleet', async () => {
    await report(4, { 'export.pdf': 0.5 });
    for (let running = 0; running < 2; running++) await fixture.claimed();
    const { id } = await fixture.accept();
    expect(await waitOf(id)).toEqual({ for: 'limit', of: 'kind', limit: 2, place: 1 });
    await report(8, { 'export.pdf': 0.5 });
    expect(await waitOf(id)).toEqual({ for: 'worker', place: 1 });
    await report(4, { all: 0.1 });
    expect(await waitOf(id)).toEqual({ for: 'limit', of: 'portfolio', limit: 2, place: 1 });
  });
});

/** Sets a limit of one running job. */
const limit = (scope: Parameters<typeof limitJobs>[1]) =>
  limitJobs(fixture.db, scope, { mostRunning: 1, reason: 'a fragile source' });

test.each([
  ['its portfolio and kind', { kind: 'export.pdf', own: true }, 'kind'],
  ['its portfolio', { own: true }, 'portfolio'],
  ['its kind in all portfolios', { kind: 'export.pdf', own: false }, 'platform'],
] as const)('a queued job waits for the limit that an operator has set for %s', async (_, given, of) => {
  const { own, ...scope } = given;
  const { id: running } = await fixture.accept();
  const { id } = await fixture.accept();
  await limit({ ...scope, ...(own && { portfolioId: fixture.portfolioId }) });
  expect(await waitOf(id)).toMatchObject({ for: 'worker' });
  await age();
  expect(await isStalled(id)).toBe(true);
  await fixture.claim(running);
  expect(await waitOf(id)).toEqual({ for: 'limit', of, limit: 1, place: 1 });
  expect(await isStalled(id)).toBe(false);
});

test('an operator can only lower what the share of a portfolio allows', async () => {
  await report(4, { 'export.pdf': 0.5 });
  for (let running = 0; running < 2; running++) await fixture.claimed();
  const { id } = await fixture.accept();
  const { portfolioId } = fixture;
  const scope = { portfolioId, kind: 'export.pdf' as const };
  await limitJobs(fixture.db, scope, { mostRunning: 9, reason: 'generous' });
  expect(await waitOf(id)).toMatchObject({ for: 'limit', of: 'kind', limit: 2 });
});

/** As if the queued jobs could have run for six minutes. */
const age = () => fixture.db.update(jobQueue).set({ readyAt: sql`now() - interval '6 minutes'` });

describe('a queued job is stalled', () => {
  test('if it could run for minutes and there is no worker, or one with a free slot', async () => {
    const { id } = await fixture.accept();
    expect(await isStalled(id)).toBe(false);
    await age();
    expect(await isStalled(id)).toBe(true);
    await report(1);
    expect(await isStalled(id)).toBe(true);
  });

  test('but not while all slots are busy, or while it waits for its turn, a time, a limit or a pause', async () => {
    await report(1);
    await fixture.claimed();
    const { id } = await fixture.accept();
    await age();
    expect(await isStalled(id)).toBe(false);
    await report(4);
    expect(await isStalled(id)).toBe(true);
    await pauseJobs(fixture.db, {}, 'maintenance');
    expect(await isStalled(id)).toBe(false);
    await resumeJobs(fixture.db, {});
    await report(4, { 'export.pdf': 0.01 });
    expect(await isStalled(id)).toBe(false);
    const [first, second] = [await exportStudy(), await exportStudy()];
    await report(4);
    await age();
    expect(await isStalled(first.id)).toBe(true);
    expect(await isStalled(second.id)).toBe(false);
  });
});
