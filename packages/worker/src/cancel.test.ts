import { operations } from '@portfolio/core';
import { type Database, openDatabase } from '@portfolio/core/runtime/database';
import { transitions } from '@portfolio/core/job/transitions';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { sql } from 'drizzle-orm';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { developmentPrograms } from '../../../dev/programs.ts';
import { type JobFixture, jobFixture, owner, result } from '../../../tests/support/jobs.ts';
import { type RunnerSettings, runAttempt, testRunner } from '../../../tests/support/runner.ts';
import { silentLog } from '../../../tests/support/services.ts';
import type { Handler } from './handler.ts';
import { createHandlers } from './handlers/index.ts';
import { JobCancelled } from './leases.ts';

/** Longer than any test: no heartbeat happens, so only a hint can report a cancel. */
const longLeaseSeconds = 3000;

/** The worker has its own connections and bus, as in another process; the API uses those of the fixture. */
let fixture: JobFixture;
let database: Database;
let workerBus: ReturnType<typeof createJobBus>;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  fixture = await jobFixture();
  database = openDatabase({
    url: fixture.databaseUrl,
    poolSize: 2,
    applicationName: 'worker',
    log: silentLog,
  });
  workerBus = createJobBus(database.sql, silentLog);
  await workerBus.listen();
});
afterAll(async () => {
  if (worker && worker.exitCode === null) {
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
  workerBus.close();
  await database.close();
  await fixture.stop();
});

async function run(id: string, handler: Handler<'export.pdf'>, settings: RunnerSettings = {}) {
  const handlers = {
    ...createHandlers({ allowPrivate: false, encryption: fixture.encryption, scanner: null, log: silentLog }),
    'export.pdf': async () => handler,
  };
  const { db } = database;
  const services = { db, pipelineDb: db, jobBus: workerBus, handlers, leaseSeconds: longLeaseSeconds };
  const runner = testRunner(fixture, { ...services, ...settings });
  await runAttempt(runner, id);
  runner.leases.close();
  return fixture.read(id);
}

/** Cancels the job of the attempt that calls it, and waits for the signal of the attempt. */
async function cancelled(id: string, signal: AbortSignal): Promise<unknown> {
  const fired = new Promise((resolve) => signal.addEventListener('abort', resolve));
  await fixture.cancel(id);
  await fired;
  return signal.reason;
}

describe('a cancel from another process', () => {
  test('fires the signal of the handler with the reason, and ends the job as cancelled', async () => {
    const { id } = await fixture.accept();
    let reason: unknown;
    const job = await run(id, async (_payload, { signal }) => {
      reason = await cancelled(id, signal);
      throw reason;
    });
    expect(reason).toBeInstanceOf(JobCancelled);
    expect(job).toMatchObject({ state: 'cancelled', attempt: 1, error: null, result: null });
  });

  test.each<[string, () => Promise<typeof result>]>([
    ['continues and has a result', async () => result],
    ['fails with another error', () => Promise.reject(new Error('The page was closed.'))],
  ])('ends the job as cancelled even if the handler %s', async (_, end) => {
    const { id } = await fixture.accept();
    const job = await run(id, async (_payload, { signal }) => {
      await cancelled(id, signal);
      return end();
    });
    expect(job).toMatchObject({ state: 'cancelled', error: null, result: null });
  });

  test('takes effect even if the attempt ends before the worker is notified', async () => {
    const { id } = await fixture.accept();
    const job = await run(id, async () => {
      await fixture.cancel(id);
      return result;
    });
    expect(job).toMatchObject({ state: 'cancelled', result: null });
  });

  test('reaches a worker that receives no hints with its next heartbeat', async () => {
    const { id } = await fixture.accept();
    const withoutHints = {
      ...workerBus,
      subscribe: () => workerBus.subscribe(() => false, AbortSignal.abort()),
    };
    const job = await run(
      id,
      async (_payload, { signal }) => {
        throw await cancelled(id, signal);
      },
      { jobBus: withoutHints, leaseSeconds: 0.6 },
    );
    expect(job).toMatchObject({ state: 'cancelled' });
  });

  test('ends the job even if its handler ignores the signal', async () => {
    const { id } = await fixture.accept();
    const gate = Promise.withResolvers<typeof result>();
    const started = Promise.withResolvers<void>();
    const handler = async () => {
      started.resolve();
      return gate.promise;
    };
    const running = run(id, handler, { leaseSeconds: 1 });
    await started.promise;
    await fixture.cancel(id);
    await eventually(async () => {
      await transitions.reapLost(fixture.db);
      expect(await fixture.read(id)).toMatchObject({ state: 'cancelled' });
    });
    gate.resolve(result);
    expect(await running).toMatchObject({ state: 'cancelled', result: null });
  });

  test('of many jobs reaches each of them, and no other', async () => {
    const { id: other } = await fixture.accept();
    await fixture.change(other, { requestedBy: sql`'somebody'` });
    const ids = await Promise.all([1, 2, 3].map(async () => (await fixture.accept()).id));
    const aborted: string[] = [];
    const release = Promise.withResolvers<void>();
    const handle: Handler<'export.pdf'> = async (_payload, { job, signal }) => {
      signal.addEventListener('abort', () => aborted.push(job.id));
      await Promise.race([release.promise, once(signal, 'abort')]);
      signal.throwIfAborted();
      return result;
    };
    const running = [...ids, other].map((id) => run(id, handle));
    await eventually(async () => {
      for (const id of [...ids, other]) expect((await fixture.read(id)).state).toBe('running');
    });
    const filter = { portfolio: 'team', requestedBy: 'owner' };
    expect((await operations.job.cancelMany.run(fixture.as(owner), filter)).changed).toBe(3);
    await eventually(() => expect(aborted.toSorted()).toEqual(ids.toSorted()));
    release.resolve();
    const ends = (await Promise.all(running)).map(({ state }) => state);
    expect(ends).toEqual(['cancelled', 'cancelled', 'cancelled', 'succeeded']);
  });

  test('concurrent with a success: one wins, and the response to the cancel says which', async () => {
    for (let round = 0; round < 30; round++) {
      const { id } = await fixture.accept();
      const started = Promise.withResolvers<void>();
      const running = run(id, async () => {
        started.resolve();
        for (let late = 0; late < round % 10; late++) await fixture.sql`select 1`;
        return result;
      });
      await started.promise;
      const [response] = await Promise.allSettled([fixture.cancel(id)]);
      const { state } = await running;
      expect([response.status, state]).toEqual(
        state === 'succeeded' ? ['rejected', 'succeeded'] : ['fulfilled', 'cancelled'],
      );
    }
  });
});

test('a cancel reaches a real worker process in the middle of a PDF', async () => {
  const programs = await developmentPrograms();
  worker = spawn(process.execPath, [programs.worker], {
    env: {
      ...fixture.environment,
      NODE_COMPILE_CACHE: programs.compileCache,
      POLL_SECONDS: '1',
      LOG_LEVEL: 'warn',
      LEASE_SECONDS: '600',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const long = { portfolio: 'team', slug: 'long' };
  const body = 'Many words make a long study, and a long study makes a long job.\n\n'.repeat(12_000);
  await operations.caseStudy.create.run(fixture.as(owner), { ...long, title: 'Long', body });
  const { id } = await operations.caseStudy.export.run(fixture.as(owner), long);
  await eventually(async () => expect((await fixture.read(id)).progress).toBeGreaterThan(0.02));
  expect(await fixture.cancel(id)).toMatchObject({ state: 'running', cancelRequestedAt: expect.any(String) });
  await eventually(async () => expect((await fixture.read(id)).state).toBe('cancelled'));
  const { cancelRequestedAt, finishedAt } = await fixture.read(id);
  expect(Date.parse(finishedAt!) - Date.parse(cancelRequestedAt!)).toBeLessThan(1000);
  const events = await fixture.eventsOf(id);
  expect(events.slice(-1)).toMatchObject([{ type: 'cancelled', attempt: 1 }]);
});
