import { asc, eq, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { idOf } from '../ids.ts';
import { jobEvents, jobs, outbox } from './job.sql.ts';
import type { StoredResult } from './schemas.ts';
import { type Lease, transitions } from './transitions.ts';

const owner = user('owner');
const study = { portfolio: 'team', slug: 'faster' };
const leaseSeconds = 30;
const result: StoredResult = {
  key: 'exports/secret-place.pdf',
  fileName: 'faster.pdf',
  contentType: 'application/pdf',
  sizeBytes: 3,
  sha256: 'ab'.repeat(32),
  pages: 1,
};

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
  await operations.caseStudy.create.run(platform.as(owner), { ...study, title: 'Faster' });
});
afterAll(() => platform.stop());

const accept = () => operations.caseStudy.export.run(platform.as(owner), study);
const read = (id: string) => operations.job.read.run(platform.as(owner), { id });
const leaseOn = (id: string): Lease => ({ id, token: randomUUID() });
const expire = (id: string) =>
  platform.db
    .update(jobs)
    .set({ leaseUntil: sql`now() - interval '1 second'` })
    .where(eq(jobs.id, id));
const eventsOf = (id: string) =>
  platform.db.select().from(jobEvents).where(eq(jobEvents.jobId, id)).orderBy(asc(jobEvents.seq));

async function claimed() {
  const { id } = await accept();
  await platform.doorbell.idle();
  const lease = leaseOn(id);
  await transitions.claim(platform.db, lease, leaseSeconds);
  return lease;
}

describe('accepting', () => {
  test('puts the job, its first event and its message in place at once', async () => {
    const job = await accept();
    expect(idOf('job').parse(job.id)).toBe(job.id);
    expect(job).toMatchObject({
      state: 'queued',
      kind: 'export.pdf',
      attempt: 0,
      lastSeq: 1,
      requestedBy: 'owner',
    });
    expect(await eventsOf(job.id)).toMatchObject([{ seq: 1, type: 'queued', state: 'queued' }]);
    expect((await platform.queue.receive(5, 30))?.jobId).toBe(job.id);
    await platform.doorbell.idle();
    expect(await platform.db.select().from(outbox)).toEqual([]);
  });

  test('keeps the message in the outbox while the queue is away', async () => {
    const job = await operations.caseStudy.export.run(
      { ...platform.as(owner), doorbell: { ring() {} } },
      study,
    );
    const rows = await platform.db.select().from(outbox).where(eq(outbox.jobId, job.id));
    expect(rows).toMatchObject([{ jobId: job.id, groupKey: expect.stringMatching(/^export:cs_/) }]);
  });
});

describe('a lease', () => {
  test('is given to one claimant only, however many ask at once', async () => {
    const { id } = await accept();
    const claims = await Promise.all(
      Array.from({ length: 10 }, () => transitions.claim(platform.db, leaseOn(id), leaseSeconds)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await read(id)).toMatchObject({ state: 'running', attempt: 1 });
  });

  test('lets its holder alone write', async () => {
    const lease = await claimed();
    const thief = { id: lease.id, token: randomUUID() };
    const error = { code: 'internal', message: 'x' };
    for (const write of [
      transitions.progress(platform.db, thief, { progress: 0.5, step: 'stolen' }),
      transitions.succeed(platform.db, thief, result),
      transitions.retry(platform.db, thief, error, 0),
      transitions.fail(platform.db, thief, error),
      transitions.heartbeat(platform.db, thief, leaseSeconds),
    ]) {
      expect(await write).toBeUndefined();
    }
    expect(await read(lease.id)).toMatchObject({ state: 'running', progress: 0, lastSeq: 2 });
    expect(await transitions.succeed(platform.db, lease, result)).toBeDefined();
  });

  test('that ran out sends the job back to the queue with a new message, and shuts out the old holder', async () => {
    const lease = await claimed();
    await expire(lease.id);
    expect((await transitions.reapLost(platform.db)).map(({ id }) => id)).toContain(lease.id);
    expect(await read(lease.id)).toMatchObject({ state: 'queued', error: { code: 'worker_lost' } });
    expect(await platform.db.select().from(outbox).where(eq(outbox.jobId, lease.id))).toHaveLength(1);
    expect(await transitions.succeed(platform.db, lease, result)).toBeUndefined();
  });

  test('that runs out in the last attempt fails the job', async () => {
    const lease = await claimed();
    await platform.db
      .update(jobs)
      .set({ attempt: sql`max_attempts` })
      .where(eq(jobs.id, lease.id));
    await expire(lease.id);
    await transitions.reapLost(platform.db);
    expect(await read(lease.id)).toMatchObject({ state: 'failed', error: { code: 'worker_lost' } });
  });

  test('that is alive is left alone by the reaper', async () => {
    const lease = await claimed();
    expect((await transitions.reapLost(platform.db)).map(({ id }) => id)).not.toContain(lease.id);
    expect(await transitions.heartbeat(platform.db, lease, leaseSeconds)).toBeDefined();
  });
});

describe('a retry', () => {
  test('waits for its time, then gets a message, then can be claimed', async () => {
    const lease = await claimed();
    await transitions.retry(platform.db, lease, { code: 'internal', message: 'Try later.' }, 3600);
    const waiting = await read(lease.id);
    expect(waiting).toMatchObject({ state: 'queued', error: { message: 'Try later.' } });
    expect(Date.parse(waiting.retryAt!) - Date.parse(waiting.updatedAt)).toBeCloseTo(3_600_000, -3);
    expect(await transitions.claim(platform.db, leaseOn(lease.id), leaseSeconds)).toBeUndefined();
    expect((await transitions.ringDue(platform.db, 300)).map(({ id }) => id)).not.toContain(lease.id);

    await platform.db
      .update(jobs)
      .set({ runAt: sql`now()` })
      .where(eq(jobs.id, lease.id));
    expect((await transitions.ringDue(platform.db, 300)).map(({ id }) => id)).toContain(lease.id);
    expect((await transitions.ringDue(platform.db, 300)).map(({ id }) => id)).not.toContain(lease.id);
    expect(await transitions.claim(platform.db, leaseOn(lease.id), leaseSeconds)).toMatchObject({
      attempt: 2,
    });
  });

  test('is rung again when its message was not heard of for long', async () => {
    const { id } = await accept();
    await platform.db
      .update(jobs)
      .set({ rungAt: sql`now() - interval '10 minutes'` })
      .where(eq(jobs.id, id));
    expect((await transitions.ringDue(platform.db, 300)).map((due) => due.id)).toContain(id);
  });
});

describe('events', () => {
  test('number every change from 1 without a gap', async () => {
    const lease = await claimed();
    for (const progress of [0.25, 0.5]) {
      await transitions.progress(platform.db, lease, { progress, step: 'Working' });
    }
    await transitions.retry(platform.db, lease, { code: 'internal', message: 'Again.' }, 0);
    const second = leaseOn(lease.id);
    await transitions.claim(platform.db, second, leaseSeconds);
    await transitions.succeed(platform.db, second, result);
    const events = await eventsOf(lease.id);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(events.map(({ type }) => type)).toEqual([
      'queued',
      'started',
      'progress',
      'progress',
      'retrying',
      'started',
      'succeeded',
    ]);
    expect((await read(lease.id)).lastSeq).toBe(7);
  });

  test('reach a watcher from the snapshot to the end, in order', async () => {
    const lease = await claimed();
    const items = await operations.job.events.run(platform.as(owner), { id: lease.id });
    const seen: (string | number)[] = [];
    for await (const { data } of items) {
      seen.push(data.type === 'snapshot' ? `snapshot at ${data.job.lastSeq}` : data.event.seq);
      const next = seen.length;
      if (next < 4)
        await transitions.progress(platform.db, lease, { progress: next / 10, step: `Step ${next}` });
      else await transitions.succeed(platform.db, lease, result);
      platform.jobBus.publish({ jobId: lease.id, portfolioId: (await portfolioOf(lease.id))! });
    }
    expect(seen).toEqual(['snapshot at 2', 3, 4, 5, 6]);
  });

  test('reach a watcher that comes back from where it left, and nobody twice', async () => {
    const lease = await claimed();
    await transitions.progress(platform.db, lease, { progress: 0.5, step: 'Working' });
    await transitions.succeed(platform.db, lease, result);
    const items = await operations.job.events.run(platform.as(owner), { id: lease.id, lastEventId: '2' });
    const cursors = [];
    for await (const { cursor } of items) cursors.push(cursor);
    expect(cursors).toEqual(['3', '4']);
  });

  test('end at once for a watcher that is gone already', async () => {
    const { id } = await claimed();
    const items = await operations.job.events.run(platform.as(owner, AbortSignal.abort()), { id });
    await items.next();
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  test('end with the signal of the watcher', async () => {
    const { id } = await claimed();
    const gone = new AbortController();
    const items = await operations.job.events.run(platform.as(owner, gone.signal), { id });
    await items.next();
    const next = items.next();
    gone.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

test('job.changes shows the newest jobs first and then each change once', async () => {
  const lease = await claimed();
  const ends = new AbortController();
  const items = await operations.job.changes.run(platform.as(owner, ends.signal), {});
  const states: string[] = [];
  for await (const { data } of items) {
    if (data.id !== lease.id) continue;
    states.push(data.state);
    if (data.state === 'succeeded') break;
    await transitions.succeed(platform.db, lease, result);
    platform.jobBus.publish({ jobId: lease.id, portfolioId: (await portfolioOf(lease.id))! });
  }
  expect(states).toEqual(['running', 'succeeded']);
});

test('job.changes refuses a cursor that is no time, and one that Postgres cannot read', async () => {
  for (const lastEventId of ['yesterday', '0000-01-01T00:00:00Z']) {
    const asked = operations.job.changes.run(platform.as(owner), { lastEventId });
    await expect(asked).rejects.toMatchObject({ code: 'invalid_input' });
  }
});

describe('strangers', () => {
  const stranger = user('stranger');

  test('do not find a job, its events or its result, and see none in lists', async () => {
    const { id } = await accept();
    const ctx = platform.as(stranger);
    await expect(operations.job.read.run(ctx, { id })).rejects.toMatchObject({ code: 'not_found' });
    await expect(operations.job.events.run(ctx, { id })).rejects.toMatchObject({ code: 'not_found' });
    await expect(operations.job.result.run(ctx, { id })).rejects.toMatchObject({ code: 'not_found' });
    expect(await operations.job.list.run(ctx, {})).toEqual({ items: [], nextCursor: null });
  });

  test('do not find a job even in a portfolio that they know of', async () => {
    const ctx = platform.as(owner);
    const known = { portfolio: 'known', slug: 'seen' };
    await operations.portfolio.create.run(ctx, { slug: 'known', name: 'Known' });
    await operations.caseStudy.create.run(ctx, { ...known, title: 'Seen' });
    await operations.caseStudy.publish.run(ctx, { ...known, expectedVersion: '*' });
    const { id } = await operations.caseStudy.export.run(ctx, known);
    const asked = operations.job.read.run(platform.as(stranger), { id });
    await expect(asked).rejects.toMatchObject({ code: 'not_found' });
  });

  test('cannot ask for an export, and nothing is accepted', async () => {
    const before = await platform.db.$count(jobs);
    const asked = operations.caseStudy.export.run(platform.as(stranger), study);
    await expect(asked).rejects.toMatchObject({ code: 'not_found' });
    expect(await platform.db.$count(jobs)).toBe(before);
  });
});

test('a result names the file and a link to it, and not its place in the bucket', async () => {
  const lease = await claimed();
  await expect(operations.job.result.run(platform.as(owner), { id: lease.id })).rejects.toMatchObject({
    code: 'conflict',
  });
  const body = Buffer.from('pdf');
  await platform.bucket.put(result.key, body, { contentType: result.contentType, fileName: result.fileName });
  await transitions.succeed(platform.db, lease, result);
  const { url, ...about } = await operations.job.result.run(platform.as(owner), { id: lease.id });
  expect(about).toMatchObject({ fileName: 'faster.pdf', sizeBytes: 3, pages: 1 });
  expect(JSON.stringify(await read(lease.id))).not.toContain('secret-place');
  const download = await fetch(url);
  expect(await download.text()).toBe('pdf');
  expect(download.headers.get('content-disposition')).toContain('attachment; filename="faster.pdf"');
});

async function portfolioOf(id: string) {
  const [job] = await platform.db.select().from(jobs).where(eq(jobs.id, id));
  return job?.portfolioId;
}
