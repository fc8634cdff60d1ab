import { operations } from '@portfolio/core';
import type { Slots } from '@portfolio/core/job/fleet';
import { jobs } from '@portfolio/core/job/job.sql';
import { type JobKind, ofEachKind } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type JobFixture, jobFixture, owner, result } from '../../../tests/support/jobs.ts';
import { testRunner } from '../../../tests/support/runner.ts';
import { silentLog } from '../../../tests/support/services.ts';
import { createClaims } from './claims.ts';
import type { Handler } from './handler.ts';
import { createSlots } from './slots.ts';

const never = new AbortController().signal;

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
beforeEach(() => fixture.db.delete(jobs));
afterEach(() => vi.restoreAllMocks());
afterAll(() => fixture.stop());

type Options = { slots?: Partial<Slots>; shares?: number; log?: typeof silentLog };

/** The claims of a worker whose jobs end when the test says so. */
function worker({ slots: given = { 'export.pdf': 2 }, shares = 1, log = silentLog }: Options = {}) {
  const running = new Map<string, () => void>();
  const woken: JobKind[] = [];
  const draining = new AbortController();
  const handler: Handler<'export.pdf'> = (_payload, { job }) =>
    new Promise((resolve) => {
      running.set(job.id, () => resolve(result));
      // It was claimed before the stop and begins only now.
      if (draining.signal.aborted) resolve(result);
    });
  const all = { ...ofEachKind(() => 0), ...given };
  const slots = createSlots(all);
  const runner = testRunner(fixture, {
    log,
    wakeUps: { notify: (kind) => void woken.push(kind as JobKind) },
  });
  const claimer = {
    ...runner,
    handlers: { ...runner.handlers, 'export.pdf': async () => handler },
    slots,
    shares: { ...ofEachKind(() => shares), all: 1 },
    fleet: () => all,
    workerId: 'host/1/0.2.0',
  };
  const claims = createClaims(claimer, draining.signal, never);
  return {
    ...claims,
    running,
    woken,
    draining,
    slots,
    async end(id: string) {
      running.get(id)!();
      running.delete(id);
      await eventually(async () => expect((await fixture.read(id)).state).toBe('succeeded'));
    },
    /** Lets all jobs end, and waits for it. */
    async stop() {
      draining.abort();
      const idle = claims.idle();
      for (const end of running.values()) end();
      await idle;
    },
  };
}
const accept = async (count: number) => {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) ids.push((await fixture.accept()).id);
  return ids;
};
const statesOf = (ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await fixture.read(id)).state));

describe('a worker', () => {
  test('takes only what it has free slots for, and the next job when one has ended', async () => {
    const ids = (await accept(4)) as [string, string, string, string];
    const one = worker();
    await one.wake(['export.pdf']);
    await eventually(() => expect([...one.running.keys()].toSorted()).toEqual(ids.slice(0, 2)));
    expect(one.slots.of('export.pdf')).toBe(0);
    await one.wake(['export.pdf']);
    expect(await statesOf(ids)).toEqual(['running', 'running', 'queued', 'queued']);
    await one.end(ids[1]);
    await eventually(() => expect([...one.running.keys()].toSorted()).toEqual([ids[0], ids[2]]));
    await one.stop();
    expect(await statesOf(ids)).toEqual(['succeeded', 'succeeded', 'succeeded', 'queued']);
    expect(one.slots.of('export.pdf')).toBe(2);
  });

  test('with one slot serves portfolios in turn, however many older jobs one of them has', async () => {
    const [first, second] = (await accept(3)) as [string, string, string];
    const { id: other } = await operations.portfolio.create.run(fixture.as(owner), {
      slug: 'other',
      name: 'O',
    });
    const [last] = (await accept(1)) as [string];
    await fixture.change(last, { portfolioId: sql`${other}` });
    await fixture.sql`update job_queue set portfolio_id = ${other} where job_id = ${last}`;
    const one = worker({ slots: { 'export.pdf': 1 } });
    await one.wake(['export.pdf']);
    for (const id of [first, last, second]) {
      await eventually(() => expect([...one.running.keys()]).toEqual([id]));
      await one.end(id);
    }
    await one.stop();
  });

  test('takes no kind for which it has no slots', async () => {
    const [id] = await accept(1);
    const claim = vi.spyOn(transitions, 'claim');
    const one = worker({ slots: { 'evidence.sync': 1 } });
    await one.wake(['export.pdf', 'evidence.sync']);
    expect(claim.mock.calls[0]![1]).toMatchObject([{ kind: 'evidence.sync', slots: 1 }]);
    expect(await statesOf([id!])).toEqual(['queued']);
    await one.wake(['export.pdf']);
    expect(claim).toHaveBeenCalledTimes(1);
  });

  test('takes as many jobs of a portfolio as its share of the fleet allows', async () => {
    await accept(3);
    const one = worker({ slots: { 'export.pdf': 4 }, shares: 0.5 });
    await one.wake(['export.pdf']);
    await eventually(() => expect(one.running.size).toBe(2));
    expect(one.slots.of('export.pdf')).toBe(2);
    await one.stop();
  });

  test('claims once for causes that arrive together', async () => {
    const claim = vi.spyOn(transitions, 'claim');
    const one = worker();
    await Promise.all(Array.from({ length: 20 }, () => one.wake(['export.pdf'])));
    expect(claim.mock.calls.length).toBeLessThanOrEqual(2);
  });

  test('that drains takes no more jobs, and is idle when those that run have ended', async () => {
    const ids = await accept(3);
    const one = worker();
    await one.wake(['export.pdf']);
    await eventually(() => expect(one.running.size).toBe(2));
    one.draining.abort();
    let isIdle = false;
    const idle = one.idle().then(() => (isIdle = true));
    await one.end(ids[0]!);
    await one.wake(['export.pdf']);
    expect(isIdle).toBe(false);
    one.running.get(ids[1]!)!();
    await idle;
    expect(await statesOf(ids)).toEqual(['succeeded', 'succeeded', 'queued']);
  });
});

describe('a claim that fills all slots of a kind', () => {
  test('passes one wake-up on, so that an idle worker follows', async () => {
    await accept(3);
    const one = worker();
    await one.wake(['export.pdf']);
    expect(one.woken).toEqual(['export.pdf']);
    await one.stop();
  });

  test('passes none on while slots are left', async () => {
    await accept(1);
    const one = worker();
    await one.wake(['export.pdf']);
    expect(one.woken).toEqual([]);
    await one.stop();
  });

  test('passes none on if the end of a job caused it: that would be one for each job', async () => {
    const ids = await accept(3);
    const one = worker({ slots: { 'export.pdf': 1 } });
    await one.wake(['export.pdf']);
    expect(one.woken).toHaveLength(1);
    await eventually(() => expect(one.running.size).toBe(1));
    await one.end(ids[0]!);
    await eventually(() => expect(one.running.has(ids[1]!)).toBe(true));
    expect(one.woken).toHaveLength(1);
    await one.stop();
  });

  test('passes on a wake-up that arrived while it was made', async () => {
    const ids = await accept(3);
    const one = worker({ slots: { 'export.pdf': 1 } });
    await one.wake(['export.pdf']);
    await eventually(() => expect(one.running.size).toBe(1));
    const { claim } = transitions;
    vi.spyOn(transitions, 'claim').mockImplementationOnce((...args) => {
      void one.wake(['export.pdf']);
      return claim(...args);
    });
    await one.end(ids[0]!);
    await eventually(() => expect(one.running.has(ids[1]!)).toBe(true));
    await eventually(() => expect(one.woken).toHaveLength(2));
    await one.stop();
  });
});

describe('a claim that fails', () => {
  test('touches no job, logs its cause, and is retried', async () => {
    const [id] = await accept(1);
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
    const failing = vi.spyOn(transitions, 'claim');
    const before = await fixture.read(id!);
    const states: unknown[] = [];
    for (const message of ['permission denied for table jobs', 'canceling statement due to lock timeout'])
      failing.mockImplementationOnce(async () => {
        states.push(await fixture.read(id!));
        throw new Error(message);
      });
    const one = worker({ log });
    await one.wake(['export.pdf']);
    await eventually(() => expect(one.running.size).toBe(1));
    expect(states).toEqual([before, before]);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        msg: 'claim failed; it will be retried',
        err: { message: 'permission denied for table jobs' },
        failures: 1,
      },
      { msg: 'claim failed; it will be retried', err: { message: expect.stringContaining('lock timeout') } },
    ]);
    expect(await fixture.read(id!)).toMatchObject({ state: 'running', attempt: 1, maxAttempts: 5 });
    await one.stop();
  });

  test('because its answer was lost is undone, and its attempts do not count', async () => {
    const ids = await accept(2);
    const lost = Object.assign(new Error('read'), { code: 'ECONNRESET' });
    const { claim } = transitions;
    vi.spyOn(transitions, 'claim').mockImplementationOnce(async (...args) => {
      await claim(...args);
      throw lost;
    });
    const one = worker();
    await one.wake(['export.pdf']);
    await eventually(() => expect(one.running.size).toBe(2));
    for (const id of ids) {
      expect(await fixture.read(id)).toMatchObject({ state: 'running', attempt: 2, maxAttempts: 6 });
      const types = (await fixture.eventsOf(id)).map(({ type }) => type);
      expect(types).toEqual(['queued', 'started', 'postponed', 'started']);
    }
    await one.stop();
  });
});

test('a job that another transaction has locked is claimed when it is free, with growing pauses', async () => {
  const [id] = await accept(1);
  const claim = vi.spyOn(transitions, 'claim');
  const one = worker();
  let waking: Promise<void> | undefined;
  await fixture.db.transaction(async (tx) => {
    await tx.execute(sql`select from jobs where id = ${id} for update`);
    const start = performance.now();
    waking = one.wake(['export.pdf']);
    await eventually(() => expect(claim.mock.calls.length).toBeGreaterThan(4));
    expect(performance.now() - start).toBeGreaterThan(140);
  });
  await waking;
  await eventually(() => expect(one.running.has(id!)).toBe(true));
  await one.stop();
});
