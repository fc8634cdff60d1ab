import { jobKinds } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { createLog } from '@portfolio/core/runtime/log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type JobFixture, jobFixture } from '../../../tests/support/jobs.ts';
import { silentLog } from '../../../tests/support/services.ts';
import { sweep } from './sweep.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

const sweeper = () => ({
  ...fixture,
  pipelineDb: fixture.db,
  claims: { wake: async () => {} },
  log: silentLog,
  leaseSeconds: 0.1,
  sweepSeconds: 0.05,
});

test('any number of dead-letter messages delays neither the other steps nor a stop', async () => {
  for (let count = 0; count < 60; count++) await fixture.queues.send('dead', 'unreadable');
  const { id } = await fixture.claimed();
  const stop = new AbortController();
  let received = 0;
  let isEnough = false;
  const queues = {
    ...fixture.queues,
    async receive(...args: Parameters<typeof fixture.queues.receive>) {
      received += 1;
      // The reaper has run already; from here on the test needs it to run again.
      if (received === 1) await fixture.expire(id);
      if (isEnough) stop.abort();
      return fixture.queues.receive(...args);
    },
  };
  const sweeping = sweep({ ...sweeper(), queues }, stop.signal);
  await eventually(async () => expect((await fixture.read(id)).error?.code).toBe('worker_lost'));
  isEnough = true;
  await sweeping;
  expect(received).toBeLessThan(50);
});

test('a job that lost all of its workers is marked dead, and logged as an error', async () => {
  const lines: string[] = [];
  const log = createLog('test', 'error', { write: (line) => void lines.push(line) });
  const { id } = await fixture.claimed();
  await fixture.sql`update jobs set max_attempts = 1 where id = ${id}`;
  await fixture.expire(id);
  const stop = new AbortController();
  const queues = { ...fixture.queues, receive: async () => [] };
  const sweeping = sweep({ ...sweeper(), queues, log }, stop.signal);
  await eventually(async () => expect((await fixture.read(id)).state).toBe('dead'));
  stop.abort();
  await sweeping;
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ level: 'error', jobId: id }]);
});

const error = Object.assign(new Error('read'), { code: 'ECONNRESET' });

/** Sweeps until the job counts as lost; resolves to the seconds that this took. */
async function secondsUntilLost(id: string, options: Partial<Parameters<typeof sweep>[0]>) {
  const stop = new AbortController();
  const start = performance.now();
  const sweeping = sweep({ ...sweeper(), ...options }, stop.signal);
  await eventually(async () => expect((await fixture.read(id)).error?.code).toBe('worker_lost'));
  stop.abort();
  await sweeping;
  return (performance.now() - start) / 1000;
}
async function expired() {
  const { id } = await fixture.claimed();
  await fixture.expire(id);
  return id;
}

test('no lease counts as lost before its worker could renew it, after a start', async () => {
  expect(await secondsUntilLost(await expired(), { leaseSeconds: 0.4 })).toBeGreaterThan(0.4);
});

test('no lease counts as lost before its worker could renew it, after an outage of the database', async () => {
  let failures = 0;
  let availableSince = 0;
  const pipelineDb = new Proxy(fixture.db, {
    get(db, name, receiver) {
      if (failures < 5) {
        failures += 1;
        availableSince = performance.now();
        throw error;
      }
      return Reflect.get(db, name, receiver);
    },
  });
  await secondsUntilLost(await expired(), { pipelineDb, leaseSeconds: 0.4 });
  expect(failures).toBe(5);
  expect(performance.now() - availableSince).toBeGreaterThan(400);
});

test('an outage of the queue does not postpone the reaper', async () => {
  const queues = { ...fixture.queues, receive: () => Promise.reject(error) };
  expect(await secondsUntilLost(await expired(), { queues })).toBeGreaterThan(0);
});

test('a claim of all kinds follows each sweep, and the kinds of jobs that became due are woken', async () => {
  const lease = await fixture.claimed();
  const later = {
    type: 'retrying',
    error: { code: 'internal', message: 'No.' },
    delaySeconds: 3600,
  } as const;
  await transitions.end(fixture.db, lease, later);
  await fixture.sql`update job_queue set run_at = now() where job_id = ${lease.id}`;
  const stop = new AbortController();
  const [claimed, woken] = [new Set<string>(), new Set<string>()];
  const claims = { wake: async (kinds: readonly string[]) => kinds.forEach((kind) => claimed.add(kind)) };
  const wakeUps = { notify: (kind: string) => void woken.add(kind) };
  const sweeping = sweep({ ...sweeper(), claims, wakeUps }, stop.signal);
  await eventually(() => expect([...claimed]).toEqual(Object.keys(jobKinds)));
  stop.abort();
  await sweeping;
  expect([...woken]).toEqual(['export.pdf']);
  expect(await fixture.sql`select due from job_queue where job_id = ${lease.id}`).toEqual([{ due: true }]);
});
