import { schedule } from '@portfolio/core/telemetry/contract';
import { activeTraceparent } from '@portfolio/core/telemetry/trace';
import { recordTelemetry } from '../../../tests/support/telemetry.ts';
import { registerTasks } from '@portfolio/core/schedule/runs';
import type { Task } from '@portfolio/core/schedule/task';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type Child, startChild } from '../../../tests/support/child.ts';
import { type TestServices, silentLog, testServices } from '../../../tests/support/services.ts';
import { startSchedule } from './schedule.ts';

const leaseSeconds = 1;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices({ asOwner: true });
  await platform.sql`create table marks (at serial, task text not null, period_to text not null)`;
});
afterAll(() => platform.stop());
beforeEach(() => platform.sql`truncate schedules, marks`);

const task = (name: string, run: Task['run'], missed: Task['missed'] = 'skip'): Task => ({
  name,
  everySeconds: 3600,
  missed,
  run,
});
const mark = (name: string): Task['run'] => {
  return async ({ period }) => {
    await platform.sql`insert into marks (task, period_to) values (${name}, ${period.to})`;
    return 1;
  };
};
const failing: Task['run'] = async () => {
  throw new RangeError('what a user wrote');
};
const marks = async () =>
  (await platform.sql`select task, period_to from marks order by at`).map(({ task: name }) => name as string);
const setDue = async (tasks: readonly Task[], hours = 1) => {
  await registerTasks(platform.db, tasks);
  await platform.sql`
    update schedules set next_run_at = date_bin('1 hour', now(), to_timestamp(0)) - make_interval(hours => ${hours - 1})`;
};
const succeeded = async (name: string) => {
  const rows = await platform.sql`
    select 1 from schedules where name = ${name} and last_succeeded_at is not null and lease_token is null
      and next_run_at > now()`;
  return rows.length === 1;
};

const hasFailed = async (name: string) =>
  (await platform.sql`select 1 from schedules where name = ${name} and last_error is not null`).length === 1;

/** Runs the tasks in a number of workers until the condition holds. */
async function runUntil(tasks: readonly Task[], holds: () => Promise<boolean>, workers = 1) {
  const stop = new AbortController();
  const { db, bucket, jobBus, wakeUps, encryption } = platform;
  const services = { db, reader: db, bucket, jobBus, wakeUps, encryption, log: silentLog };
  const scheduler = { ...services, tasks, leaseSeconds, pollSeconds: 0.05 };
  const running = Array.from({ length: workers }, () => startSchedule(scheduler, stop.signal));
  try {
    await eventually(async () => expect(await holds()).toBe(true));
  } finally {
    stop.abort();
    await Promise.all(running);
  }
}

test('two workers run each task once, and a task that catches up once for each missed period, in order', async () => {
  const tasks = [task('once', mark('once')), task('each', mark('each'), 'catch-up')];
  await setDue(tasks, 4);
  await runUntil(tasks, async () => (await succeeded('once')) && (await succeeded('each')), 2);
  expect((await marks()).toSorted((a, b) => a.localeCompare(b))).toEqual([
    'each',
    'each',
    'each',
    'each',
    'once',
  ]);
  const periods = await platform.sql`select period_to from marks where task = 'each' order by at`;
  const ends = periods.map(({ period_to: to }) => Date.parse(to as string));
  expect(ends.map((end) => (end - ends[0]!) / 3_600_000)).toEqual([0, 1, 2, 3]);
});

test('a task that fails or hangs does not prevent others from running', async () => {
  const tasks = [
    task('fails', async () => {
      throw new Error('no luck');
    }),
    task('hangs', async ({ signal }) => {
      await once(signal, 'abort');
      throw signal.reason;
    }),
    task('works', mark('works')),
  ];
  await setDue(tasks);
  await runUntil(tasks, () => succeeded('works'));
  const rows = await platform.sql`
    select name, failures, last_error, lease_token from schedules where name <> 'works' order by name`;
  expect(rows).toEqual([
    { name: 'fails', failures: 1, last_error: 'Error: no luck', lease_token: null },
    // The stop of the worker aborted it, which is no failure.
    { name: 'hangs', failures: 0, last_error: null, lease_token: null },
  ]);
});

const leaseOf = (name: string) => platform.sql`select lease_until from schedules where name = ${name}`;

test('a run that takes longer than its lease renews it', async () => {
  const tasks = [
    task('long', async (tools) => {
      const before = await leaseOf('long');
      await eventually(async () => expect(await leaseOf('long')).not.toEqual(before));
      return mark('long')(tools);
    }),
  ];
  await setDue(tasks);
  await runUntil(tasks, () => succeeded('long'), 2);
  expect(await marks()).toEqual(['long']);
});

test('a run is a trace of its own, below which its work is, and is measured by its outcome', async () => {
  await using telemetry = recordTelemetry('worker');
  const inside: (string | undefined)[] = [];
  const seen: Task['run'] = async (tools) => {
    inside.push(activeTraceparent());
    return mark('traced')(tools);
  };
  const tasks = [task('traced', seen), task('failing', failing)];
  await setDue(tasks);
  await runUntil(tasks, async () => (await succeeded('traced')) && (await hasFailed('failing')));
  const spans = telemetry.spans().filter(({ name }) => name.startsWith('task '));
  const traced = spans.find(({ name }) => name === 'task traced')!;
  expect(traced.parentSpanContext).toBeUndefined();
  expect(traced.attributes).toEqual({ 'task.outcome': 'done' });
  expect(inside[0]).toContain(traced.spanContext().spanId);
  const failed = spans.find(({ name }) => name === 'task failing')!;
  expect(failed.attributes).toEqual({ 'task.outcome': 'failed', 'error.type': 'RangeError' });
  expect(failed.spanContext().traceId).not.toBe(traced.spanContext().traceId);
  const counts = (await telemetry.series(schedule.runs)).filter((line) => line.includes('_count'));
  expect(counts.toSorted()).toEqual([
    'portfolio_schedule_run_duration_seconds_count{task="failing",outcome="failed"} 1',
    'portfolio_schedule_run_duration_seconds_count{task="traced",outcome="done"} 1',
  ]);
});

const moduleAt = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A worker in its own process, which marks its run and continues until its signal fires. */
function startWorker(): Promise<Child> {
  return startChild(`
    const { openDatabase } = await import('${moduleAt('../../core/src/runtime/database.ts')}');
    const { createLog } = await import('${moduleAt('../../core/src/runtime/log.ts')}');
    const { startSchedule } = await import('${moduleAt('./schedule.ts')}');
    const log = createLog('child', 'silent');
    const { db, sql } = openDatabase({ url: '${platform.databaseUrl}', poolSize: 2, applicationName: 'child', log });
    const run = async ({ signal }) => {
      await sql\`insert into marks (task, period_to) values ('child', '')\`;
      console.log('running');
      await new Promise((done) => signal.addEventListener('abort', done));
      await sql\`insert into marks (task, period_to) values ('woken', '')\`;
      return 1;
    };
    const tasks = [{ name: 'shared', everySeconds: 3600, missed: 'skip', run }];
    await startSchedule({ db, log, tasks, leaseSeconds: ${leaseSeconds}, pollSeconds: 0.05 }, new AbortController().signal);`);
}

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'the run of a worker that received %s is taken over by another after the lease expires',
  async (signal) => {
    const tasks = [task('shared', mark('other'))];
    await setDue(tasks);
    const child = await startWorker();
    if (signal === 'SIGKILL') await child.end(signal);
    else process.kill(child.pid, signal);
    await runUntil(tasks, () => succeeded('shared'));
    expect(await marks()).toEqual(['child', 'other']);
    if (signal === 'SIGKILL') return;
    const before = await platform.sql`select * from schedules`;
    process.kill(child.pid, 'SIGCONT');
    // The worker learns that the lease is lost, aborts its run, and leaves the schedule as it is.
    await eventually(async () => expect(await marks()).toEqual(['child', 'other', 'woken']));
    await child.end('SIGKILL');
    expect(await platform.sql`select * from schedules`).toEqual(before);
  },
);
