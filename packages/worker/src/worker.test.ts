import { operations } from '@portfolio/core';
import { jobs } from '@portfolio/core/job/job.sql';
import { limitJobs } from '@portfolio/core/job/limits';
import { jobKinds, ofEachKind } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { type Database, openDatabase } from '@portfolio/core/runtime/database';
import { eq, sql } from 'drizzle-orm';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { testProxy } from '../../../tests/support/proxy.ts';
import { makeDue } from '../../../tests/support/jobs.ts';
import {
  exportResult as result,
  type RunnerSettings,
  runAttempt,
  testRunner,
} from '../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../tests/support/services.ts';
import { type Handler, NotYetError, PermanentError } from './handler.ts';
import { createHandlers } from './handlers/index.ts';
import type { Runner } from './run-job.ts';
import { slotsOf, startWorker } from './worker.ts';

const owner = user('owner');
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
async function accept(portfolio = 'team') {
  const study = { portfolio, slug: `study-${(studies += 1)}` };
  await operations.caseStudy.create.run(platform.as(owner), { ...study, title: 'Faster' });
  return (await operations.caseStudy.export.run(platform.as(owner), study)).id;
}
const setPayload = (id: string, payload: object) =>
  platform.db.update(jobs).set({ payload }).where(eq(jobs.id, id));
const read = (id: string) => operations.job.read.run(platform.as(owner), { id });

function runnerWith(handler: Handler<'export.pdf'>, settings: RunnerSettings = {}): Runner {
  const handlers = {
    ...createHandlers({
      allowPrivate: false,
      encryption: platform.encryption,
      scanner: null,
      log: silentLog,
    }),
    'export.pdf': async () => handler,
  };
  return testRunner(platform, { handlers, ...settings });
}

async function run(id: string, handler: Handler<'export.pdf'>, settings?: RunnerSettings, stop = never) {
  await runAttempt(runnerWith(handler, { ...settings, stop }), id, stop);
  return read(id);
}

const untilAborted: Handler<'export.pdf'> = async (_payload, { signal }) => {
  if (!signal.aborted) await once(signal, 'abort');
  throw new Error('The page was closed.');
};

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

  test('that throws in the last attempt fails the job', async () => {
    const id = await accept();
    for (let attempt = 1; attempt <= 5; attempt++) {
      await makeDue(platform.db, id);
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

  test('with a payload that this release cannot read leaves the job to others, and does not count', async () => {
    const id = await accept();
    const before = await read(id);
    await setPayload(id, { caseStudyId: 7 });
    const handler = vi.fn<Handler<'export.pdf'>>(async () => result);
    const job = await run(id, handler);
    expect(job).toMatchObject({ state: 'queued', error: { code: 'invalid_payload' } });
    expect(job.maxAttempts - job.attempt).toBe(before.maxAttempts - before.attempt);
    expect(Date.parse(job.retryAt!)).toBeGreaterThan(Date.parse(job.updatedAt) + 3000);
    const events = await operations.job.events.run(platform.as(owner), { id, lastEventId: '2' });
    expect((await events.next()).value?.data).toMatchObject({
      event: { type: 'postponed', error: { message: expect.stringContaining('another release may') } },
    });
    expect(handler).not.toHaveBeenCalled();
    // A release that can read it succeeds.
    await setPayload(id, { caseStudyId: `cs_${id.slice(4)}` });
    await makeDue(platform.db, id);
    expect(await run(id, handler)).toMatchObject({ state: 'succeeded' });
  });

  test('with a payload that no release has read for an hour fails the job', async () => {
    const id = await accept();
    await setPayload(id, { caseStudyId: 7 });
    const handler = vi.fn<Handler<'export.pdf'>>(async () => result);
    expect(await run(id, handler)).toMatchObject({ state: 'queued' });
    await platform.ownerSql`update job_events set at = at - interval '61 minutes' where job_id = ${id}`;
    await makeDue(platform.db, id);
    expect(await run(id, handler)).toMatchObject({ state: 'failed', error: { code: 'invalid_payload' } });
    expect(handler).not.toHaveBeenCalled();
  });

  test('that takes longer than its kind allows is aborted, and counts', async () => {
    const kind: { timeLimitSeconds: number } = jobKinds['export.pdf'];
    const { timeLimitSeconds } = kind;
    kind.timeLimitSeconds = 0.05;
    try {
      const job = await run(await accept(), untilAborted, { leaseSeconds: 0.3 });
      expect(job).toMatchObject({
        state: 'queued',
        attempt: 1,
        maxAttempts: 5,
        error: { code: 'time_limit' },
      });
    } finally {
      kind.timeLimitSeconds = timeLimitSeconds;
    }
  });

  test('that lost its lease is aborted and writes nothing more', async () => {
    const id = await accept();
    const job = await run(
      id,
      async (_payload, { signal }) => {
        // In one transaction, so that no heartbeat renews it in between.
        await platform.db.transaction(async (tx) => {
          const leaseUntil = sql`now() - interval '1 s'`;
          await tx.update(jobs).set({ leaseUntil }).where(eq(jobs.id, id));
          await transitions.reapLost(tx);
        });
        if (!signal.aborted) await once(signal, 'abort');
        return result;
      },
      { leaseSeconds: 0.3 },
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
      const running = run(id, handler, { db: database.db, pipelineDb: database.db });
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
      const running = run(id, handler, { db: database.db, pipelineDb: database.db, leaseSeconds: 1 });
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

const onlyExports = (count: number) => slotsOf({ ...ofEachKind(() => 0), 'export.pdf': count });

/** Runs a worker until the work is done. */
async function withWorker(
  runner: Runner,
  exportSlots: number,
  work: () => Promise<void>,
  sweepSeconds = 0.05,
) {
  const draining = new AbortController();
  const { queues } = platform;
  const options = {
    ...runner,
    queues,
    slots: onlyExports(exportSlots),
    shares: {},
    pollSeconds: 1,
    sweepSeconds,
  };
  const worker = await startWorker(options, draining.signal, never);
  await work().finally(() => draining.abort());
  await worker.ended;
}
const succeeded = (id: string) =>
  eventually(async () => {
    const job = await read(id);
    expect(job.state).toBe('succeeded');
    return job;
  });

const wakeOften = () =>
  Promise.all(Array.from({ length: 8 }, () => platform.queues.send('export.pdf', '{}')));

describe('a worker', () => {
  test('runs a job through a failure to its success', async () => {
    const runner = runnerWith(
      async (_payload, { job }) => {
        if (job.attempt === 1) throw new Error('the first attempt fails');
        return result;
      },
      { retryFactor: 0.001 },
    );
    await withWorker(runner, 1, async () => {
      const id = await accept();
      await succeeded(id);
      expect(await read(id)).toMatchObject({ attempt: 2 });
    });
  });

  test('starts the export of a portfolio while another has more slow ones than there are threads', async () => {
    await operations.portfolio.create.run(platform.as(owner), { slug: 'other', name: 'Other' });
    const slow = Promise.withResolvers<void>();
    const slowIds = [await accept(), await accept(), await accept()];
    const runner = runnerWith(async (_payload, { job }) => {
      if (slowIds.includes(job.id)) await slow.promise;
      return result;
    });
    await withWorker(runner, jobKinds['export.pdf'].concurrency, async () => {
      await eventually(async () => expect((await read(slowIds[0]!)).state).toBe('running'));
      await succeeded(await accept('other'));
      const states = await Promise.all(slowIds.map(async (id) => (await read(id)).state));
      expect(states).toEqual(['running', 'queued', 'queued']);
      slow.resolve();
      await Promise.all(slowIds.map(succeeded));
    });
  });

  test('runs a job once, however many wake-ups arrive', async () => {
    const handler = vi.fn<Handler<'export.pdf'>>(async () => result);
    await withWorker(runnerWith(handler), 2, async () => {
      await wakeOften();
      const id = await accept();
      await wakeOften();
      await succeeded(id);
    });
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test('is woken by a message, long before its next sweep', async () => {
    const runner = runnerWith(async () => result);
    await withWorker(
      runner,
      1,
      async () => expect(await succeeded(await accept())).toMatchObject({ attempt: 1 }),
      3600,
    );
  });

  test('finds a job whose wake-up was lost', async () => {
    const unwoken = { ...platform.as(owner), wakeUps: { notify() {} } };
    const study = { portfolio: 'team', slug: `study-${(studies += 1)}` };
    await operations.caseStudy.create.run(unwoken, { ...study, title: 'Faster' });
    const runner = runnerWith(async () => result);
    await withWorker(runner, 1, async () => {
      const { id } = await operations.caseStudy.export.run(unwoken, study);
      expect(await succeeded(id)).toMatchObject({ attempt: 1 });
    });
  });

  test('starts no more jobs than it has slots for, and leaves the others in the queue for others', async () => {
    let [running, most] = [0, 0];
    const release = Promise.withResolvers<void>();
    const runner = runnerWith(async () => {
      most = Math.max(most, (running += 1));
      await release.promise;
      running -= 1;
      return result;
    });
    await withWorker(runner, 1, async () => {
      const ids = [await accept(), await accept(), await accept()];
      await eventually(() => expect(running).toBe(1));
      const [row] = await platform.sql`select count(*)::int as waiting from job_queue`;
      expect(row).toEqual({ waiting: 2 });
      release.resolve();
      for (const id of ids) await succeeded(id);
    });
    expect(most).toBe(1);
  });

  test('runs no more jobs at a time than an operator allows, together with others', async () => {
    let [running, most] = [0, 0];
    const runner = runnerWith(async () => {
      most = Math.max(most, (running += 1));
      await new Promise(setImmediate);
      running -= 1;
      return result;
    });
    await limitJobs(platform.db, { kind: 'export.pdf' }, { mostRunning: 1, reason: 'too much memory' });
    const ids: string[] = [];
    for (let count = 0; count < 6; count++) ids.push(await accept());
    await withWorker(runner, 3, () =>
      withWorker(runner, 3, async () => {
        for (const id of ids) await succeeded(id);
      }),
    );
    await limitJobs(platform.db, { kind: 'export.pdf' }, null);
    expect(most).toBe(1);
  });

  test('that drains lets its job end and starts no other', async () => {
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const runner = runnerWith(async () => {
      started.resolve();
      await gate.promise;
      return result;
    });
    const ids: string[] = [];
    await withWorker(runner, 1, async () => {
      ids.push(await accept(), await accept());
      await started.promise;
      setImmediate(gate.resolve);
    });
    expect(await Promise.all(ids.map(async (id) => (await read(id)).state))).toEqual(['succeeded', 'queued']);
  });

  test('is in the fleet while it runs, with its slots', async () => {
    await withWorker(
      runnerWith(async () => result),
      3,
      async () => {
        const rows = await platform.sql`select id, slots from job_workers`;
        expect(rows).toMatchObject([
          { id: expect.stringContaining(`/${process.pid}/`), slots: { 'export.pdf': 3 } },
        ]);
      },
    );
    expect(await platform.sql`select id from job_workers`).toEqual([]);
  });

  test('runs a job whose messages became dead letters, removes them and reports their number', async () => {
    await platform.wakeUps.idle();
    while ((await platform.queues.receive('export.pdf', 0)).length > 0);
    await platform.queues.send('dead', '{"kind":"export.pdf"}');
    const id = await accept();
    await withWorker(
      runnerWith(async () => result),
      1,
      async () => {
        await succeeded(id);
        await eventually(async () => expect(await platform.queues.receive('dead', 0)).toEqual([]));
        await eventually(async () =>
          expect(await platform.sql`select dead_letters from job_workers`).toEqual([{ dead_letters: 1 }]),
        );
      },
    );
  });
});

async function leaseOf(id: string) {
  const [job] = await platform.db.select({ until: jobs.leaseUntil }).from(jobs).where(eq(jobs.id, id));
  return job?.until;
}
