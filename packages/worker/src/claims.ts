import { type Slots, type Shares, limitsOf } from '@portfolio/core/job/fleet';
import { type JobKind, jobKindSchema } from '@portfolio/core/job/kinds';
import { type Claimed, type Wanted, transitions } from '@portfolio/core/job/transitions';
import { jobs } from '@portfolio/core/telemetry/contract';
import { isKnownOutage, isRolledBack, toOutage } from '@portfolio/core/runtime/outage';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Runner, runJob, unavailable } from './run-job.ts';
import type { FreeSlots } from './slots.ts';

const pauseMilliseconds = {
  contended: { first: 10, longest: 1000 },
  failed: { first: 250, longest: 2000 },
};

type Claimer = Runner & {
  slots: FreeSlots;
  shares: Shares;
  /** The slots of all worker processes. */
  fleet: () => Slots;
  /** Names this process in leases and events. */
  workerId: string;
};

export type Claims = ReturnType<typeof createClaims>;

const kinds = jobKindSchema.options;

const countClaim = (result: 'claimed' | 'empty' | 'contended' | 'failed') => jobs.claims.add(1, { result });

const pauseOf = ({ first, longest }: { first: number; longest: number }, tries: number) =>
  Math.min(first * 2 ** (tries - 1), longest);

/** Of the claimed jobs, the portfolio that comes last if one begins after the given one. */
function lastInTurn(claimed: readonly Claimed[], begin: string): string | undefined {
  const ids = claimed.map(({ portfolioId }) => portfolioId).toSorted();
  return ids.findLast((id) => id <= begin) ?? ids.at(-1);
}

/**
 * Claims due jobs for the free slots and runs them: when a wake-up arrives, when a slot becomes free, and with each sweep.
 * One claim runs at a time; causes that arrive meanwhile share the next one.
 */
export function createClaims(claimer: Claimer, draining: AbortSignal, stop: AbortSignal) {
  const { log, slots, wakeUps } = claimer;
  const running = new Set<Promise<void>>();
  /** The kinds of which something may be due. */
  const wanted = new Set<JobKind>();
  /** The kinds for which another worker is woken if this one takes all that it can. */
  const passOn = new Set<JobKind>();
  /** The portfolio after which the next claim of a kind goes on. */
  const after = new Map<JobKind, string>();
  /** How many claims of a kind in a row have met jobs that others had locked. */
  const contentions = new Map<JobKind, number>();
  let working: Promise<void> | undefined;
  /** False if the last claim has seen that no operator limits jobs. */
  let isLimited = true;

  async function claimAll() {
    // Causes of one tick share a claim. And `working` is set before it is cleared, together with the end of the loop.
    await Promise.resolve();
    let failures = 0;
    while (wanted.size > 0 && !draining.aborted) {
      const claiming = [...wanted];
      wanted.clear();
      try {
        await claimOnce(claiming);
        failures = 0;
      } catch (error) {
        failures += 1;
        countClaim('failed');
        for (const kind of claiming) wanted.add(kind);
        log.warn({ err: error, failures }, 'claim failed; it will be retried');
        const milliseconds = pauseOf(pauseMilliseconds.failed, failures);
        await wait(milliseconds, undefined, { signal: draining }).catch(() => {});
      }
    }
    working = undefined;
  }

  async function claimOnce(claiming: JobKind[]) {
    const limits = limitsOf(claimer.fleet(), claimer.shares);
    const asked = claiming
      .map((kind) => ({
        kind,
        slots: slots.of(kind),
        mostOfTenant: limits.ofKind[kind],
        after: after.get(kind) ?? '',
      }))
      .filter((one) => one.slots > 0);
    if (asked.length === 0) return;
    const token = randomUUID();
    const requestedAt = performance.now();
    const { claimed, contended, ...seen } = await claim(asked, limits.inAll, token);
    isLimited = seen.isLimited;
    countClaim(claimed.length > 0 ? 'claimed' : contended.length > 0 ? 'contended' : 'empty');
    for (const job of claimed) start(job, { token, requestedAt });
    for (const one of asked) {
      const own = claimed.filter((job) => job.kind === one.kind);
      const last = lastInTurn(own, one.after);
      if (last !== undefined) after.set(one.kind, last);
      // Otherwise this worker takes more of the kind, and others need not be woken yet.
      if (own.length === one.slots && passOn.delete(one.kind)) wakeUps.notify(one.kind);
      if (contended.includes(one.kind)) retryLater(one.kind);
      else {
        contentions.delete(one.kind);
        passOn.delete(one.kind);
      }
    }
  }

  /** Others have locked due jobs: they claim them, or change them and let go. */
  function retryLater(kind: JobKind) {
    const tries = (contentions.get(kind) ?? 0) + 1;
    contentions.set(kind, tries);
    setTimeout(() => void wake([kind]), pauseOf(pauseMilliseconds.contended, tries)).unref();
  }

  function start(job: Claimed, lease: { token: string; requestedAt: number }) {
    const { kind } = job;
    slots.take(kind);
    let isFree = false;
    /** The slot is free while the end is being stored, and then it may be the turn of the next job of the group. */
    function free() {
      if (!isFree) slots.release(kind);
      isFree = true;
      // At its limit in all kinds, the portfolio may have waited with those of another kind.
      setImmediate(() => void wake(claimer.shares.all < 1 || isLimited ? kinds : [kind]));
    }
    const worked = () => void (claimer.ends.isBehind() || free());
    const done: Promise<void> = runJob(claimer, job, lease, stop, worked).finally(() => {
      running.delete(done);
      free();
    });
    running.add(done);
  }

  /** If the connection is lost before the answer, the claim may have been stored with no worker on its jobs. */
  async function claim(
    asked: readonly Wanted[],
    mostInAll: number,
    token: string,
  ): ReturnType<typeof transitions.claim> {
    const { pipelineDb: db, leaseSeconds, workerId: worker, leases } = claimer;
    try {
      return await leases.whileClaiming(() =>
        transitions.claim(db, asked, { mostInAll, oneByOne: isLimited, token, leaseSeconds, worker }),
      );
    } catch (error) {
      const lost = toOutage(error);
      if (lost && !isKnownOutage(lost) && !isRolledBack(error))
        await claimer.ends.persist(() => transitions.undoClaim(db, token, unavailable), stop);
      throw error;
    }
  }

  function wake(woken: readonly JobKind[]) {
    for (const kind of woken) wanted.add(kind);
    working ??= claimAll();
    return working;
  }

  return {
    /** Claims what is due of these kinds. Resolves when no claim is in progress any more. */
    async wake(woken: readonly JobKind[]): Promise<void> {
      for (const kind of woken) passOn.add(kind);
      await wake(woken);
    },
    /** Resolves when no job runs. */
    async idle(): Promise<void> {
      await working;
      while (running.size > 0) await Promise.all(running);
    },
  };
}
