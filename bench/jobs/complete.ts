import { setTimeout as wait } from 'node:timers/promises';
import { median } from '../side-by-side.ts';
import { openBare } from './bare.ts';
import { openGraphile } from './graphile.ts';
import type { Options } from './options.ts';
import { openOurs } from './ours.ts';
import { openPgBoss } from './pg-boss.ts';
import { type Table, round } from './report.ts';
import { monotonicMilliseconds } from './serve-worker.ts';
import { type System, connections } from './system.ts';
import { type WorkerProcess, startWorkerProcess } from './worker-process.ts';

const warmUpJobs = 500;

/** Enough jobs for a second or more. */
type Contender = { system: System; worker: WorkerProcess; jobs: number; measured: Measured[] };
type Measured = { perSecond: number; cpuMilliseconds: number };

/** Jobs that do nothing, completed a second by one worker process, and the processor time of that process. */
export async function complete({ servers, rounds, workerFlags }: Options): Promise<Table[]> {
  await using opened = new AsyncDisposableStack();
  async function enter(system: System, jobs: number, flags: string[] = []): Promise<Contender> {
    opened.adopt(system, (used) => used.close());
    const worker = await startWorkerProcess(system.worker, flags);
    opened.adopt(worker, (used) => used.end());
    return { system, worker, jobs, measured: [] };
  }
  const contenders = [
    await enter(await openGraphile(servers, false), 2000),
    await enter(await openGraphile(servers, true), 10_000),
    await enter(await openPgBoss(servers), 10_000),
    await enter(await openBare(servers), 4000),
    await enter(await openOurs(servers), 2000, workerFlags),
  ];
  for (const contender of contenders) await measure(contender, warmUpJobs);
  for (let at = 0; at < rounds; at++) {
    for (const contender of contenders) contender.measured.push(await measure(contender, contender.jobs));
  }
  return [tableOf(contenders)];
}

/** From the first handler's start until the database says that all jobs are completed. */
export async function measure(
  { system, worker }: Pick<Contender, 'system' | 'worker'>,
  jobs: number,
): Promise<Measured> {
  await system.seed(jobs);
  await worker.start();
  await worker.handled(jobs);
  while ((await system.unfinished()) > 0) await wait(2);
  const completedAt = monotonicMilliseconds();
  const { starts, cpuMilliseconds } = await worker.stop();
  const handled = new Set(starts.map(([key]) => key)).size;
  if (handled !== jobs || starts.length !== jobs)
    throw new Error(`${system.name}: ${starts.length} calls of handlers for ${handled} of ${jobs} jobs.`);
  await system.reset();
  const seconds = (completedAt - starts[0]![1]) / 1000;
  return { perSecond: jobs / seconds, cpuMilliseconds: cpuMilliseconds / jobs };
}

function tableOf(contenders: Contender[]): Table {
  const of = (contender: Contender, figure: keyof Measured) =>
    median(contender.measured.map((measured) => measured[figure]));
  const graphile = of(contenders[0]!, 'perSecond');
  const lines = contenders.map((contender) => [
    contender.system.name,
    {
      'of graphile': round(of(contender, 'perSecond') / graphile),
      'completed/s': Math.round(of(contender, 'perSecond')),
      'worker CPU, ms a job': round(of(contender, 'cpuMilliseconds')),
    },
  ]);
  return {
    title: 'Completing',
    note: `Jobs that do nothing, stored before; one worker process, ${connections} connections, fsync on.`,
    lines: Object.fromEntries(lines),
  };
}
