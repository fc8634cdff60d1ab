import { operations } from '@portfolio/core';
import { jobs } from '@portfolio/core/job/job.sql';
import type { StoredResult } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { type Database, openDatabase } from '@portfolio/core/runtime/database';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { testProxy } from '../../../tests/support/proxy.ts';
import { testRunner } from '../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../tests/support/services.ts';
import { consume } from './consumer.ts';
import { type Handler, NotYetError, PermanentError } from './handler.ts';
import { createHandlers } from './handlers/index.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';
import { type Runner, runJob } from './run-job.ts';
import { sweep } from './sweep.ts';

const owner = user('owner');
const result: StoredResult<'export.pdf'> = {
  key: 'k',
  fileName: 'faster.pdf',
  contentType: 'application/pdf',
  sizeBytes: 1,
  sha256: 'ab'.repeat(32),
  pages: 1,
  studyVersion: 1,
};
const never = new AbortController().signal;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
});
beforeEach(() => platform.db.delete(jobs));
afterAll(() => platform.stop());

let studies = 0;
/** A job of its own study, since jobs of the same study wait for each other. */
async function accept() {
  const study = { portfolio: 'team', slug: `study-${(studies += 1)}` };
  await operations.caseStudy.create.run(platform.as(owner), { ...study, title: 'Faster' });
  return (await operations.caseStudy.export.run(platform.as(owner), study)).id;
}
const read = (id: string) => operations.job.read.run(platform.as(owner), { id });

function runnerWith(handler: Handler<'export.pdf'>, settings: Partial<Runner> = {}): Runner {
  const handlers = {
    ...createHandlers({ allowPrivate: false, log: silentLog }),
    'export.pdf': async () => handler,
  };
  return testRunner(platform, { handlers, ...settings });
}

async function run(
  id: string,
  handler: Handler<'export.pdf'>,
  settings?: Partial<Runner>,
  stop = never,
  keepHidden = async () => {},
) {
  await runJob(runnerWith(handler, settings), id, keepHidden, stop);
  return read(id);
}

describe('an attempt', () => {
  test('that succeeds stores its result', async () => {
    const job = await run(await accept(), async () => result);
    expect(job).toMatchObject({
      state: 'succeeded',
      progress: 1,
      attempt: 1,
      result: { fileName: 'faster.pdf' },
    });
  });

  test('that throws is retried later, with an error that reveals nothing internal', async () => {
    const job = await run(await accept(), async () => {
      throw new TypeError('connect to postgres://user:secret@db failed');
    });
    expect(job).toMatchObject({ state: 'queued', attempt: 1, error: { code: 'internal' } });
    expect(job.error?.message).toContain('TypeError');
    expect(job.error?.message).not.toContain('secret');
    const delaySeconds = (Date.parse(job.retryAt!) - Date.parse(job.updatedAt)) / 1000;
    expect(delaySeconds).toBeGreaterThan(5 * 0.74);
    expect(delaySeconds).toBeLessThan(5 * 1.26);
  });

  test('that fails after others that did not count is retried as soon as after the first failure', async () => {
    const id = await accept();
    await platform.db.update(jobs).set({ attempt: 40, maxAttempts: 45 }).where(eq(jobs.id, id));
    const job = await run(id, () => Promise.reject(new Error('no')));
    expect(job).toMatchObject({ state: 'queued', attempt: 41 });
    expect((Date.parse(job.retryAt!) - Date.parse(job.updatedAt)) / 1000).toBeLessThan(5 * 1.26);
  });

  test('that waits for a precondition does not count, and reports what it waits for', async () => {
    const id = await accept();
    const before = await read(id);
    const job = await run(id, () => Promise.reject(new NotYetError('reader_behind', 'Not yet.')));
    expect(job).toMatchObject({ state: 'queued', error: { code: 'reader_behind', message: 'Not yet.' } });
    expect(job.maxAttempts - job.attempt).toBe(before.maxAttempts - before.attempt);
  });

  test('whose claim was never confirmed is undone, and does not count', async () => {
    const id = await accept();
    const before = await read(id);
    const lost = Object.assign(new Error('read'), { code: 'ECONNRESET' });
    const { claim } = transitions;
    const lossy = vi.spyOn(transitions, 'claim').mockImplementationOnce(async (...args) => {
      await claim(...args);
      throw lost;
    });
    await expect(run(id, async () => result)).rejects.toBe(lost);
    lossy.mockRestore();
    const job = await read(id);
    expect(job).toMatchObject({ state: 'queued', error: { code: 'unavailable' } });
    expect(job.maxAttempts - job.attempt).toBe(before.maxAttempts - before.attempt);
  });

  test('that throws in the last attempt fails the job', async () => {
    const id = await accept();
    for (let attempt = 1; attempt <= 5; attempt++) {
      await platform.db
        .update(jobs)
        .set({ runAt: sql`now()` })
        .where(eq(jobs.id, id));
      const job = await run(id, () => Promise.reject(new Error('no')));
      expect(job).toMatchObject({ attempt, state: attempt < 5 ? 'queued' : 'failed' });
    }
  });

  test('with a permanent error fails the job immediately, with the message of the handler', async () => {
    const job = await run(await accept(), () =>
      Promise.reject(new PermanentError('gone', 'The study is gone.')),
    );
    expect(job).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: { code: 'gone', message: 'The study is gone.' },
    });
  });

  test('with an invalid payload fails the job immediately and never reaches the handler', async () => {
    const id = await accept();
    await platform.db
      .update(jobs)
      .set({ payload: { caseStudyId: 7 } })
      .where(eq(jobs.id, id));
    const handler = vi.fn<Handler<'export.pdf'>>(async () => result);
    expect(await run(id, handler)).toMatchObject({ state: 'failed', error: { code: 'invalid_payload' } });
    expect(handler).not.toHaveBeenCalled();
  });

  test('that lost its lease is aborted and writes nothing more', async () => {
    const id = await accept();
    const job = await run(
      id,
      async (_payload, { signal }) => {
        await platform.db
          .update(jobs)
          .set({ leaseUntil: sql`now() - interval '1 s'` })
          .where(eq(jobs.id, id));
        await transitions.reapLost(platform.db);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return result;
      },
      { leaseSeconds: 0.3 },
      never,
      // A stalled worker has lost its message as well.
      () => Promise.reject(new Error('The receipt has expired.')),
    );
    expect(job).toMatchObject({ state: 'queued', error: { code: 'worker_lost' }, result: null });
  });

  test('renews its lease as long as it runs', async () => {
    const id = await accept();
    const job = await run(
      id,
      async () => {
        const first = await leaseOf(id);
        await eventually(async () => expect(await leaseOf(id)).not.toBe(first));
        expect(await transitions.reapLost(platform.db)).toEqual([]);
        return result;
      },
      { leaseSeconds: 3 },
    );
    expect(job).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  test('that is stopped queues the job again immediately', async () => {
    const stop = new AbortController();
    const job = await run(
      await accept(),
      (_payload, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          stop.abort();
        }),
      {},
      stop.signal,
    );
    expect(job).toMatchObject({ state: 'queued', error: { code: 'worker_stopped' } });
    expect(Date.parse(job.retryAt!)).toBeLessThanOrEqual(Date.parse(job.updatedAt));
  });

  test('that an outage interrupts does not count, and the job waits before the next one', async () => {
    const id = await accept();
    const job = await run(id, () => Promise.reject(Object.assign(new Error('no'), { name: 'SlowDown' })));
    expect(job).toMatchObject({
      state: 'queued',
      attempt: 1,
      maxAttempts: 6,
      error: { code: 'unavailable' },
    });
    expect(Date.parse(job.retryAt!)).toBeGreaterThan(Date.parse(job.updatedAt) + 3000);
  });

  test('that is stopped does not count', async () => {
    const stop = new AbortController();
    const id = await accept();
    const handler: Handler<'export.pdf'> = (_payload, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        stop.abort();
      });
    expect(await run(id, handler, {}, stop.signal)).toMatchObject({ attempt: 1, maxAttempts: 6 });
  });

  describe('while the database is unavailable', () => {
    let proxy: Awaited<ReturnType<typeof testProxy>>;
    let database: Database;
    beforeEach(async () => {
      proxy = await testProxy(platform.databaseUrl);
      const url = platform.databaseUrl.replace(
        new URL(platform.databaseUrl).host,
        new URL(proxy.baseUrl).host,
      );
      database = openDatabase({ url, poolSize: 2, applicationName: 'test', log: silentLog });
    });
    afterEach(async () => {
      await database.close();
      await proxy.stop();
    });

    test('stores its result when the database is available again', async () => {
      const id = await accept();
      const handler = vi.fn<Handler<'export.pdf'>>(async () => {
        proxy.down();
        return result;
      });
      const running = run(id, handler, { db: database.db });
      await eventually(() => expect(proxy.refusals()).toBeGreaterThan(1));
      proxy.up();
      expect(await running).toMatchObject({ state: 'succeeded', attempt: 1 });
      expect(handler).toHaveBeenCalledTimes(1);
    });

    test.each(['down', 'hang'] as const)('for longer than the lease (%s) does not count', async (how) => {
      const id = await accept();
      const aborted = Promise.withResolvers<void>();
      const handler: Handler<'export.pdf'> = (_payload, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted.resolve();
            reject(signal.reason);
          });
          proxy[how]();
        });
      const running = run(id, handler, { db: database.db, leaseSeconds: 1 });
      await aborted.promise;
      await eventually(async () => {
        const [job] = await platform.sql`select lease_until < now() as expired from jobs where id = ${id}`;
        expect(job).toEqual({ expired: true });
      });
      proxy.up();
      expect(await running).toMatchObject({
        state: 'queued',
        attempt: 1,
        maxAttempts: 6,
        error: { code: 'unavailable' },
      });
    });
  });

  test('cannot lock a job that another attempt has claimed', async () => {
    const id = await accept();
    const job = await run(id, async (_payload, { requireLease }) => {
      await platform.db.transaction(requireLease);
      await platform.sql`update jobs set lease_token = gen_random_uuid() where id = ${id}`;
      await platform.db.transaction(requireLease);
      return result;
    });
    expect(job).toMatchObject({ state: 'running', result: null });
  });

  test('stores the first progress report and then the latest, not each of them', async () => {
    const id = await accept();
    await run(id, async (_payload, { progress }) => {
      for (let page = 1; page <= 100; page++) progress(page / 100, `Page ${page}`);
      return result;
    });
    const items = await operations.job.events.run(platform.as(owner), { id, lastEventId: '2' });
    const reports = [];
    for await (const { data } of items)
      if (data.type === 'event' && data.event.type === 'progress') reports.push(data.event);
    expect(reports.map(({ step }) => step)).toEqual(['Page 1', 'Page 100']);
  });
});

test('the job of a message that arrives twice runs once', async () => {
  const id = await accept();
  const handler = vi.fn<Handler<'export.pdf'>>(async () => result);
  await Promise.all([run(id, handler), run(id, handler)]);
  await run(id, handler);
  expect(handler).toHaveBeenCalledTimes(1);
});

test('consumers and sweep run a job from the queue through a failure to its success', async () => {
  const runner = runnerWith(
    async (_payload, { job }) => {
      if (job.attempt === 1) throw new Error('the first attempt fails');
      return result;
    },
    { retryFactor: 0.001 },
  );
  await withWorker(runner, { 'export.pdf': 1 }, async () => {
    const id = await accept();
    await eventually(async () => expect(await read(id)).toMatchObject({ state: 'succeeded', attempt: 2 }));
  });
});

/** Runs consumers and a sweep until the work is done. */
async function withWorker(runner: Runner, slots: Record<string, number>, work: () => Promise<void>) {
  const draining = new AbortController();
  const { queue, deadLetters } = platform;
  const acquireSlot = createConcurrencyLimit(slots);
  const consumer = () => consume({ ...runner, queue, acquireSlot, pollSeconds: 1 }, draining.signal, never);
  const running = [
    consumer(),
    consumer(),
    consumer(),
    sweep({ ...runner, deadLetters, sweepSeconds: 0.05 }, draining.signal),
  ];
  await work().finally(() => draining.abort());
  await Promise.all(running);
}

test('jobs of a kind without a free slot wait in the queue, and do not block others', async () => {
  let running = 0;
  let most = 0;
  const release = Promise.withResolvers<void>();
  const runner = runnerWith(async () => {
    most = Math.max(most, (running += 1));
    await release.promise;
    running -= 1;
    return result;
  });
  await withWorker(runner, { 'export.pdf': 1 }, async () => {
    const ids = [await accept(), await accept(), await accept()];
    await eventually(async () => {
      const waiting = await Promise.all(ids.map(leaseOf));
      expect(waiting.filter(Boolean)).toHaveLength(1);
      const [row] = await platform.sql`
        select count(*)::int as back from jobs where id in ${platform.sql(ids)} and state = 'queued' and run_at > created_at`;
      expect(row!.back).toBe(2);
    });
    release.resolve();
    for (const id of ids) await eventually(async () => expect((await read(id)).state).toBe('succeeded'));
  });
  expect(most).toBe(1);
});

test('a draining worker starts no job that waited for a slot', async () => {
  const started = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const runner = runnerWith(async () => {
    started.resolve();
    await gate.promise;
    return result;
  });
  const limit = createConcurrencyLimit({ 'export.pdf': 1 }, 60_000);
  let calls = 0;
  const acquireSlot = (kind: string) => {
    calls += 1;
    if (calls === 2) waiting.resolve();
    return limit(kind);
  };
  const draining = new AbortController();
  const consumer = () =>
    consume({ ...runner, queue: platform.queue, acquireSlot, pollSeconds: 1 }, draining.signal, never);
  const running = [consumer(), consumer()];
  const ids = [await accept(), await accept()];
  await Promise.all([started.promise, waiting.promise]);
  draining.abort();
  gate.resolve();
  await Promise.all(running);
  const states = await Promise.all(ids.map(async (id) => (await read(id)).state));
  expect(states.toSorted((a, b) => a.localeCompare(b))).toEqual(['queued', 'succeeded']);
});

test('a job whose message became a dead letter is marked dead, and runs after a retry', async () => {
  const id = await accept();
  await platform.wakeUps.idle();
  for (let times = 0; times < 12; times++) {
    const message = await platform.queue.receive(0, 30);
    if (message) await platform.queue.extend(message, 0);
  }
  await withWorker(
    runnerWith(async () => result),
    { 'export.pdf': 1 },
    async () => {
      await eventually(async () => expect((await read(id)).state).toBe('dead'));
      expect((await read(id)).error).toMatchObject({ code: 'undeliverable' });
      await operations.job.retry.run(platform.as(owner), { id });
      await eventually(async () => expect((await read(id)).state).toBe('succeeded'));
    },
  );
});

async function leaseOf(id: string) {
  const [job] = await platform.db.select({ until: jobs.leaseUntil }).from(jobs).where(eq(jobs.id, id));
  return job?.until;
}
