import { operations } from '@portfolio/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { developmentPrograms } from '../../../dev/programs.ts';
import { type JobFixture, jobFixture, owner } from '../../../tests/support/jobs.ts';

/** So long that a job which were left to its lease would be seen. */
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

/** The real worker in its own process, in the middle of a PDF of this study. */
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

test('a first signal lets a running job go on, a second one gives it back at once and ends the worker in order', async () => {
  const id = await busyWorker('given-back');
  worker.kill('SIGTERM');
  const { progress } = await fixture.read(id);
  await eventually(async () => expect((await fixture.read(id)).progress).toBeGreaterThan(progress));
  worker.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(await fixture.read(id)).toMatchObject({ state: 'queued', error: { code: 'worker_stopped' } });
  expect((await fixture.eventsOf(id)).at(-1)).toMatchObject({ type: 'postponed' });
});

test('a third signal ends the worker without more ado', async () => {
  await busyWorker('dropped');
  // Signals that come too soon after each other are one.
  const impatience = setInterval(() => worker.kill('SIGINT'), 20);
  expect(await ended).toEqual([1, null]);
  clearInterval(impatience);
});
