import { type Slots, type Shares, limitsOf } from '@portfolio/core/job/fleet';
import type { JobKind } from '@portfolio/core/job/kinds';
import { type Claimed, type Wanted, transitions } from '@portfolio/core/job/transitions';
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
  let working: Promise<void> | undefined;

  async function claimAll() {
    let [failures, contentions] = [0, 0];
    while (wanted.size > 0 && !draining.aborted) {
      const claiming = [...wanted];
      wanted.clear();
      const retry = (pause: { first: number; longest: number }, tries: number) => {
        for (const kind of claiming) wanted.add(kind);
        const milliseconds = Math.min(pause.first * 2 ** (tries - 1), pause.longest);
        return wait(milliseconds, undefined, { signal: draining }).catch(() => {});
      };
      try {
        contentions = (await claimOnce(claiming)) ? contentions + 1 : 0;
        failures = 0;
        if (contentions > 0) await retry(pauseMilliseconds.contended, contentions);
      } catch (error) {
        failures += 1;
        log.warn({ err: error, failures }, 'claim failed; it will be retried');
        await retry(pauseMilliseconds.failed, failures);
      }
    }
    working = undefined;
  }

  /** Resolves to whether due jobs were locked by others. */
  async function claimOnce(claiming: JobKind[]) {
    const limits = limitsOf(claimer.fleet(), claimer.shares);
    const asked = claiming
      .map((kind) => ({ kind, slots: slots.of(kind), mostOfTenant: limits.ofKind[kind] }))
      .filter((one) => one.slots > 0);
    const woken = claiming.filter((kind) => passOn.delete(kind));
    if (asked.length === 0) return false;
    const token = randomUUID();
    const requestedAt = performance.now();
    const { claimed, wasContended } = await claim(asked, limits.inAll, token).catch((error: unknown) => {
      for (const kind of woken) passOn.add(kind);
      throw error;
    });
    for (const job of claimed) start(job, { token, requestedAt });
    for (const { kind, slots: free } of asked) {
      const isFilled = claimed.filter((job) => job.kind === kind).length === free;
      // A wake-up that arrived during the claim finds no slot either.
      if (isFilled && (passOn.delete(kind) || woken.includes(kind))) wakeUps.notify(kind);
    }
    return wasContended;
  }

  function start(job: Claimed, lease: { token: string; requestedAt: number }) {
    const { kind } = job;
    slots.take(kind);
    let isFree = false;
    /** The slot is free while the end is being stored, and then it may be the turn of the next job of the group. */
    function free() {
      if (!isFree) slots.release(kind);
      isFree = true;
      setImmediate(() => void wake([kind]));
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
        transitions.claim(db, asked, { mostInAll, token, leaseSeconds, worker }),
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
