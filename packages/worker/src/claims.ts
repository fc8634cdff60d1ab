import { type Slots, type Shares, limitsOf } from '@portfolio/core/job/fleet';
import { type JobKind, jobKinds } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { isKnownOutage, toOutage } from '@portfolio/core/runtime/outage';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Runner, runJob, unavailable } from './run-job.ts';
import type { FreeSlots } from './slots.ts';

const pauseAfterErrorMilliseconds = { first: 250, longest: 10_000 };
const kinds = Object.keys(jobKinds) as JobKind[];

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
  /** The kinds for which another worker is woken if this one takes all that it can. */
  const passOn = new Set<JobKind>();
  let isWanted = false;
  let working: Promise<void> | undefined;

  async function claimAll() {
    let failures = 0;
    while (isWanted && !draining.aborted) {
      isWanted = false;
      try {
        await claimOnce();
        failures = 0;
      } catch (error) {
        failures += 1;
        isWanted = true;
        log.warn({ err: error, failures }, 'claim failed; it will be retried');
        const pause = pauseAfterErrorMilliseconds.first * 2 ** (failures - 1);
        await wait(Math.min(pause, pauseAfterErrorMilliseconds.longest), undefined, {
          signal: draining,
        }).catch(() => {});
      }
    }
    working = undefined;
  }

  async function claimOnce() {
    const limits = limitsOf(claimer.fleet(), claimer.shares);
    const wanted = kinds
      .map((kind) => ({ kind, slots: slots.of(kind), mostOfTenant: limits.ofKind[kind] }))
      .filter((one) => one.slots > 0);
    const woken = [...passOn];
    passOn.clear();
    if (wanted.length === 0) return;
    const token = randomUUID();
    const { claimed, wasContended } = await claim(wanted, limits.inAll, token);
    for (const job of claimed) {
      slots.take(job.kind);
      const done: Promise<void> = runJob(claimer, job, token, stop).finally(() => {
        running.delete(done);
        slots.release(job.kind);
        setImmediate(wake);
      });
      running.add(done);
    }
    if (wasContended) isWanted = true;
    for (const { kind, slots: free } of wanted) {
      const isFilled = claimed.filter((job) => job.kind === kind).length === free;
      if (isFilled && woken.includes(kind)) wakeUps.notify(kind);
    }
  }

  /** If the connection is lost before the answer, the claim may have been stored with no worker on its jobs. */
  async function claim(
    wanted: Parameters<typeof transitions.claim>[1],
    mostInAll: number,
    token: string,
  ): ReturnType<typeof transitions.claim> {
    const { db, leaseSeconds, workerId: worker, leases } = claimer;
    try {
      return await leases.whileClaiming(() =>
        transitions.claim(db, wanted, { mostInAll, token, leaseSeconds, worker }),
      );
    } catch (error) {
      const lost = toOutage(error);
      if (lost && !isKnownOutage(lost))
        await claimer.ends.persist(() => transitions.undoClaim(db, token, unavailable), stop);
      throw error;
    }
  }

  function wake() {
    isWanted = true;
    working ??= claimAll();
    return working;
  }

  return {
    /** Claims what is due, of all kinds. Resolves when no claim is in progress any more. */
    async wake(woken: readonly JobKind[]): Promise<void> {
      for (const kind of woken) passOn.add(kind);
      await wake();
    },
    /** Resolves when no job runs. */
    async idle(): Promise<void> {
      await working;
      while (running.size > 0) await Promise.all(running);
    },
  };
}
