import { setTimeout as wait } from 'node:timers/promises';
import { openBare } from './bare.ts';
import { openGraphile } from './graphile.ts';
import type { Options } from './options.ts';
import { openOurs } from './ours.ts';
import { openPgBoss } from './pg-boss.ts';
import { type Table, quantile, round } from './report.ts';
import { monotonicMilliseconds } from './serve-worker.ts';
import type { System } from './system.ts';
import { type WorkerProcess, startWorkerProcess } from './worker-process.ts';

const perSecond = 50;
const totalSeconds = 20;
const warmUpJobs = 50;

/** Milliseconds until the handler starts, from the call that accepts the job, and from its return. */
type Waits = { fromCall: number[]; fromAccepted: number[] };
type Contender = { system: System; worker: WorkerProcess; waits: Waits };

/** How long a job waits for its handler where nothing else waits. The seconds are divided among the rounds. */
export async function latency({ servers, rounds, workerFlags }: Options): Promise<Table[]> {
  await using opened = new AsyncDisposableStack();
  async function enter(system: System, flags: string[] = []): Promise<Contender> {
    opened.adopt(system, (used) => used.close());
    const worker = await startWorkerProcess(system.worker, flags);
    opened.adopt(worker, (used) => used.end());
    return { system, worker, waits: { fromCall: [], fromAccepted: [] } };
  }
  const contenders = [
    await enter(await openBare(servers)),
    await enter(await openGraphile(servers, false)),
    await enter(await openPgBoss(servers)),
    await enter(await openOurs(servers), workerFlags),
  ];
  const jobs = Math.ceil((perSecond * totalSeconds) / rounds);
  for (let at = 0; at < rounds; at++) {
    for (const contender of contenders) await measure(contender, jobs);
  }
  return [tableOf(contenders)];
}

/** Accepts jobs at a constant rate, whether earlier ones have started or not. */
async function measure({ system, worker, waits }: Contender, jobs: number): Promise<void> {
  await worker.start();
  const calls: Promise<{ key: string; calledAt: number; acceptedAt: number }>[] = [];
  const begin = monotonicMilliseconds();
  for (let at = 0; at < warmUpJobs + jobs; at++) {
    const early = begin + (at * 1000) / perSecond - monotonicMilliseconds();
    if (early > 0) await wait(early);
    calls.push(accept(system));
  }
  const accepted = await Promise.all(calls);
  await worker.handled(accepted.length);
  while ((await system.unfinished()) > 0) await wait(5);
  const { starts } = await worker.stop();
  const startOf = new Map(starts);
  for (const { key, calledAt, acceptedAt } of accepted.slice(warmUpJobs)) {
    const startedAt = startOf.get(key);
    if (startedAt === undefined) throw new Error(`${system.name}: job ${key} was not started.`);
    waits.fromCall.push(startedAt - calledAt);
    waits.fromAccepted.push(Math.max(0, startedAt - acceptedAt));
  }
  await system.reset();
}

async function accept(system: System) {
  const calledAt = monotonicMilliseconds();
  const key = await system.accept();
  return { key, calledAt, acceptedAt: monotonicMilliseconds() };
}

function tableOf(contenders: Contender[]): Table {
  const of = ({ waits }: Contender, share: number) => quantile(waits.fromAccepted, share);
  const lines = contenders.map((contender) => [
    contender.system.name,
    {
      'p50 of bare': round(of(contender, 0.5) / of(contenders[0]!, 0.5)),
      'p99 of bare': round(of(contender, 0.99) / of(contenders[0]!, 0.99)),
      'p50 ms': round(of(contender, 0.5), 1),
      'p99 ms': round(of(contender, 0.99), 1),
      'p50 ms, from the call': round(quantile(contender.waits.fromCall, 0.5), 1),
      'p99 ms, from the call': round(quantile(contender.waits.fromCall, 0.99), 1),
    },
  ]);
  return {
    title: 'Accepted → started',
    note: `${perSecond} jobs a second for ${totalSeconds} s, one worker process; from the return of the call that accepts.`,
    lines: Object.fromEntries(lines),
  };
}
