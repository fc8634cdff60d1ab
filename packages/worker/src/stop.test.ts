import { operations } from '@portfolio/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { developmentPrograms } from '../../../dev/programs.ts';
import { type JobFixture, jobFixture, owner } from '../../../tests/support/jobs.ts';

/** Longer than any test: a job that waited for its lease to expire would fail the test. */
const leaseSeconds = 600;

let fixture: JobFixture;
let worker: ChildProcess;
let ended: Promise<unknown[]>;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterEach(async () => {
  worker.kill('SIGKILL');
  await ended;
});
afterAll(() => fixture.stop());

/** Starts a real worker process that is in the middle of a PDF of this study; resolves to the id of the job. */
async function busyWorker(slug: string) {
  const study = { portfolio: 'team', slug };
  const body = 'Many words make a long study, and a long study makes a long job.\n\n'.repeat(12_000);
  await operations.caseStudy.create.run(fixture.as(owner), { ...study, title: 'Long', body });
  const programs = await developmentPrograms();
  worker = spawn(process.execPath, [programs.worker], {
    env: {
      ...fixture.environment,
      NODE_COMPILE_CACHE: programs.compileCache,
      POLL_SECONDS: '1',
      LOG_LEVEL: 'warn',
      LEASE_SECONDS: String(leaseSeconds),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  ended = once(worker, 'exit');
  const { id } = await operations.caseStudy.export.run(fixture.as(owner), study);
  await eventually(async () => expect((await fixture.read(id)).progress).toBeGreaterThan(0.02));
  return id;
}

test('a first signal lets a running job continue, a second one queues it again and shuts the worker down', async () => {
  const id = await busyWorker('queued-again');
  worker.kill('SIGTERM');
  const { progress } = await fixture.read(id);
  await eventually(async () => expect((await fixture.read(id)).progress).toBeGreaterThan(progress));
  worker.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(await fixture.read(id)).toMatchObject({ state: 'queued', error: { code: 'worker_stopped' } });
  expect((await fixture.eventsOf(id)).at(-1)).toMatchObject({ type: 'postponed' });
});

test('a third signal ends the worker immediately', async () => {
  await busyWorker('dropped');
  // Signals in quick succession may be merged into one.
  const repeatedly = setInterval(() => worker.kill('SIGINT'), 20);
  expect(await ended).toEqual([1, null]);
  clearInterval(repeatedly);
});
