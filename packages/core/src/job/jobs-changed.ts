import type { JobHint, Services } from '../context.ts';
import type { JobKind } from './kinds.ts';

/** A job that changed. */
export type ChangedJob = JobHint & { kind: JobKind };

/**
 * Follows every change of jobs: wakes workers and watchers. Within an operation, both happen after the commit. Workers are
 * also woken where a job was cancelled, since the next one of its group may be due then.
 */
export function jobsChanged(
  { wakeUps, jobBus }: Pick<Services, 'wakeUps' | 'jobBus'>,
  jobs: readonly ChangedJob[],
): void {
  for (const kind of new Set(jobs.map((job) => job.kind))) wakeUps.notify(kind);
  for (const { kind: _, ...hint } of jobs) jobBus.publish(hint);
}
