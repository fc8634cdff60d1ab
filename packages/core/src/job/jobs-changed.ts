import type { Ctx, JobHint } from '../context.ts';
import { jobs as instruments } from '../telemetry/contract.ts';
import type { JobKind } from './kinds.ts';

/** A job that changed, or that is new. */
export type ChangedJob = JobHint & { kind: JobKind; isNew?: true };

/**
 * Follows every change of jobs: wakes workers and watchers. Within an operation, both happen after the commit. Workers are
 * also woken where a job was cancelled, since the next one of its group may be due then.
 */
export function jobsChanged(
  { wakeUps, jobBus, afterCommit = (run) => run() }: Pick<Ctx, 'wakeUps' | 'jobBus' | 'afterCommit'>,
  jobs: readonly ChangedJob[],
): void {
  for (const kind of new Set(jobs.map((job) => job.kind))) wakeUps.notify(kind);
  for (const { kind: _, isNew: __, ...hint } of jobs) jobBus.publish(hint);
  afterCommit(() => {
    for (const { kind, isNew } of jobs) if (isNew) instruments.accepted.add(1, { 'job.kind': kind });
  });
}
