import { type Shares, type Slots, removeWorker, reportWorker } from '@portfolio/core/job/fleet';
import { type JobKind, jobKindSchema, jobKinds, ofEachKind } from '@portfolio/core/job/kinds';
import type { Queues } from '@portfolio/core/runtime/queue';
import { jobs } from '@portfolio/core/telemetry/contract';
import { hostname } from 'node:os';
import platform from '../../../package.json' with { type: 'json' };
import { createClaims } from './claims.ts';
import { createEnds } from './ends.ts';
import { createLeases } from './leases.ts';
import { poll } from './polls.ts';
import type { Runner } from './run-job.ts';
import { createSlots } from './slots.ts';
import { sweep } from './sweep.ts';

type Partly<Values> = { [Name in keyof Values]?: Values[Name] | undefined };

type Options = Omit<Runner, 'leases' | 'ends'> & {
  queues: Queues<JobKind | 'dead'>;
  slots: Slots;
  shares: Partly<Shares>;
  pollSeconds: number;
  sweepSeconds: number;
};

/** The slots of each kind: as given, otherwise as the kind declares. */
export const slotsOf = (given: Partly<Slots>): Slots =>
  ofEachKind((kind) => given[kind] ?? jobKinds[kind].concurrency);

const sharesOf = (given: Partly<Shares>): Shares => ({
  ...ofEachKind((kind) => given[kind] ?? jobKinds[kind].tenantShare),
  all: given.all ?? 1,
});

/** Well within the time after which a worker that was not seen counts as lost. */
const reportSeconds = 10;

/**
 * Runs jobs: claims them when woken, and sweeps. When `draining` fires, it takes no more, and `ended` resolves when those
 * that run have ended; `stop` makes them end at once.
 */
export async function startWorker(
  options: Options,
  draining: AbortSignal,
  stop: AbortSignal,
): Promise<{ ended: Promise<void> }> {
  const { pipelineDb: db, log, slots: all } = options;
  const id = `${hostname()}/${process.pid}/${platform.version}`;
  const shares = sharesOf(options.shares);
  let fleet = all;
  let deadLetters = 0;
  const report = async () => {
    fleet = await reportWorker(db, { id, slots: all, shares, deadLetters }).catch((error: unknown) => {
      log.warn({ err: error }, 'worker not reported; it will be retried');
      return fleet;
    });
  };
  await report();
  const reporting = setInterval(() => void report(), reportSeconds * 1000);
  const removed = (letters: number) => {
    deadLetters += letters;
    void report();
  };

  const slots = createSlots(all);
  const unobserve = jobs.slots.observe(() =>
    jobKindSchema.options.flatMap((kind) => {
      const free = slots.of(kind);
      const ofKind = { 'job.kind': kind };
      return [
        { value: free, labels: { ...ofKind, state: 'free' as const } },
        { value: all[kind] - free, labels: { ...ofKind, state: 'taken' as const } },
      ];
    }),
  );
  const leases = createLeases(options, stop);
  const runner = { ...options, slots, leases, ends: createEnds(options) };
  const claims = createClaims({ ...runner, shares, fleet: () => fleet, workerId: id }, draining, stop);
  const loops = [
    ...jobKindSchema.options
      .filter((kind) => all[kind] > 0)
      .map((kind) => poll({ ...runner, claims }, kind, draining)),
    sweep({ ...runner, claims, removed }, draining),
  ];

  async function end() {
    await Promise.all(loops);
    await claims.idle();
    clearInterval(reporting);
    leases.close();
    unobserve();
    await removeWorker(db, id).catch((error: unknown) => log.warn({ err: error }, 'worker not removed'));
  }
  return { ended: end() };
}
