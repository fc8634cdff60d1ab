import { newId } from '@portfolio/core/ids';
import { pino } from 'pino';
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

const sweeper = () => ({ ...fixture, log: silentLog, leaseSeconds: 0.1, sweepSeconds: 0.05 });

/** Sends dead-letter messages of jobs that do not exist. */
async function sendDeadLetters(count: number) {
  const messages = Array.from({ length: count }, (_, at) => {
    const jobId = newId('job');
    return { id: String(at), groupKey: jobId, jobId, kind: 'export.pdf' };
  });
  for (let at = 0; at < count; at += 10) await fixture.deadLetters.send(messages.slice(at, at + 10));
}

test('any number of dead-letter messages delays neither the other steps nor a stop', async () => {
  await sendDeadLetters(60);
  const { id } = await fixture.claimed();
  const stop = new AbortController();
  let received = 0;
  let isEnough = false;
  const deadLetters = {
    ...fixture.deadLetters,
    async receive(...args: Parameters<typeof fixture.deadLetters.receive>) {
      received += 1;
      // The reaper has run already; from here on the test needs it to run again.
      if (received === 1) await fixture.expire(id);
      if (isEnough) stop.abort();
      return fixture.deadLetters.receive(...args);
    },
  };
  const sweeping = sweep({ ...sweeper(), deadLetters }, stop.signal);
  await eventually(async () => expect((await fixture.read(id)).error?.code).toBe('worker_lost'));
  isEnough = true;
  await sweeping;
  expect(received).toBeLessThan(50);
});

test('a job that lost all of its workers is marked dead, and logged as an error', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
  const { id } = await fixture.claimed();
  await fixture.sql`update jobs set max_attempts = 1 where id = ${id}`;
  await fixture.expire(id);
  const stop = new AbortController();
  const sweeping = sweep({ ...sweeper(), log }, stop.signal);
  await eventually(async () => expect((await fixture.read(id)).state).toBe('dead'));
  stop.abort();
  await sweeping;
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ level: 50, jobId: id }]);
});

const outage = () => Promise.reject(Object.assign(new Error('read'), { code: 'ECONNRESET' }));

/** Runs a number of sweeps; resolves to whether the job counted as lost at the end of each. */
async function sweepTimes(sweeps: number, id: string, receive: () => Promise<null>, leaseSeconds: number) {
  const stop = new AbortController();
  const lost: boolean[] = [];
  const deadLetters = {
    ...fixture.deadLetters,
    async receive() {
      lost.push((await fixture.read(id)).error?.code === 'worker_lost');
      if (lost.length === sweeps) stop.abort();
      return receive();
    },
  };
  await sweep({ ...sweeper(), deadLetters, leaseSeconds }, stop.signal);
  return lost;
}

test('no lease counts as lost before its worker could renew it, after a start or after an outage in any step', async () => {
  const { id } = await fixture.claimed();
  await fixture.expire(id);
  expect(await sweepTimes(3, id, async () => null, 60)).toEqual([false, false, false]);
  expect(await sweepTimes(8, id, outage, 0.2)).not.toContain(true);
  await eventually(async () => expect(await sweepTimes(8, id, async () => null, 0.05)).toContain(true));
});
