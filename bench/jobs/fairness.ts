import { newId } from '@portfolio/core/ids';
import { setTimeout as wait } from 'node:timers/promises';
import { median } from '../side-by-side.ts';
import type { Options } from './options.ts';
import { type Ours, type Request, anExport, openOurs } from './ours.ts';
import { type Table, round } from './report.ts';
import type { Seed } from './seed.ts';
import { type WorkerProgram, slots } from './system.ts';
import { startWorkerProcess } from './worker-process.ts';

const probes = 5;
/** A measurement ends when its probes have taken so long together. */
const limitSeconds = 40;
/** So many jobs of the flood have run before the first probe. */
const runningIn = 20;
const handlerMilliseconds = { 'export.pdf': 50 };
const slowHandlerMilliseconds = { 'export.pdf': 500 };

/** Seconds from accepted to completed, and how many other jobs started in between from accepted to started. */
type Wait = { seconds: number; before: number };

/** The time of a job beside many of other portfolios, and alone: one worker process. */
export async function fairness({ servers, workerFlags }: Options): Promise<Table[]> {
  const ours = await openOurs(servers);
  try {
    const [probed, ...others] = ours.portfolios.map(({ id }) => id);
    const behindTenant = {
      probe: () => ({ portfolioId: probed!, ...anExport() }),
      flood: { jobs: 20_000, groups: 200, portfolioIds: [others[0]!] },
      milliseconds: handlerMilliseconds,
    };
    const asDeployed = await measure(ours, ours.deployedWorker, workerFlags, behindTenant);
    const withSlots = await measure(ours, ours.worker, workerFlags, behindTenant);
    const delivery = await measure(ours, ours.deployedWorker, workerFlags, {
      probe: () => ({
        portfolioId: probed!,
        kind: 'webhook.deliver',
        payload: { deliveryId: newId('delivery') },
      }),
      flood: { jobs: 200, groups: 200, portfolioIds: [probed!, ...others] },
      milliseconds: slowHandlerMilliseconds,
    });
    return [
      tableOf({
        'an export behind 20000 of another tenant (50 ms), slots as deployed': asDeployed,
        [`the same, ${slots} slots`]: withSlots,
        'a delivery behind 200 exports of 10 tenants (500 ms), slots as deployed': delivery,
      }),
    ];
  } finally {
    await ours.close();
  }
}

type Scenario = { probe: () => Request; flood: Seed; milliseconds: Record<string, number> };
type Waits = { idle: Wait[]; flooded: Wait[] };

async function measure(
  ours: Ours,
  program: WorkerProgram,
  flags: string[],
  { probe, flood, milliseconds }: Scenario,
): Promise<Waits> {
  await ours.reset();
  const worker = await startWorkerProcess(program, flags);
  try {
    await worker.start(milliseconds);
    const idle = await probeRepeatedly(ours, probe);
    await ours.seedMany(flood);
    await worker.handled(idle.length + runningIn);
    const flooded = await probeRepeatedly(ours, probe);
    await worker.stop();
    return { idle, flooded };
  } finally {
    await worker.end();
    await ours.reset();
  }
}

async function probeRepeatedly(ours: Ours, probe: () => Request): Promise<Wait[]> {
  const waits: Wait[] = [];
  const deadline = performance.now() + limitSeconds * 1000;
  while (waits.length < probes && performance.now() < deadline)
    waits.push(await waitOf(ours, await ours.acceptJob(probe()), deadline));
  return waits;
}

/** By the times in the database, so that the time at which this process looks does not matter. */
async function waitOf({ superuser: sql }: Ours, id: string, deadline: number): Promise<Wait> {
  for (;;) {
    const [row] = await sql<{ seconds: number; before: number }[]>`
      select extract(epoch from coalesce(finished_at, now()) - created_at)::float as seconds,
        (select count(*)::int from jobs other where other.id <> job.id
          and other.started_at >= job.created_at and other.started_at < coalesce(job.started_at, now())) as before
      from jobs job where id = ${id} and (finished_at is not null or ${performance.now() > deadline})`;
    if (row) return row;
    await wait(20);
  }
}

function tableOf(measured: Record<string, Waits>): Table {
  const lines = Object.entries(measured).map(([name, { idle, flooded }]) => {
    const alone = median(idle.map(({ seconds }) => seconds));
    const seconds = flooded.map((one) => one.seconds);
    return [
      name,
      {
        'of idle': round(median(seconds) / alone, 1),
        'jobs before it, median': median(flooded.map(({ before }) => before)),
        'at most': Math.max(...flooded.map(({ before }) => before)),
        'idle, s': round(alone, 3),
        'median, s': round(median(seconds), 3),
        'longest, s': round(Math.max(...seconds), 3),
      },
    ];
  });
  return {
    title: 'Fairness',
    note: `Accepted → completed, one worker process; ${probes} jobs in a row, or as many as fit into ${limitSeconds} s.`,
    lines: Object.fromEntries(lines),
  };
}
