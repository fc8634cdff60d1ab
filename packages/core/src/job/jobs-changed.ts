import type { Db, JobHint, Services } from '../context.ts';
import { dispatch } from './dispatch.ts';

/** Dispatches the next jobs of the portfolios of changed jobs, in the same transaction. Resolves to the number of jobs. */
export async function dispatchNext(tx: Db, jobs: readonly { portfolioId: string }[]): Promise<number> {
  let dispatched = 0;
  for (const portfolioId of new Set(jobs.map((job) => job.portfolioId)))
    dispatched += await dispatch(tx, portfolioId);
  return dispatched;
}

/**
 * Follows every change of jobs: dispatches the next jobs and notifies watchers. Within an operation, the queue and the
 * watchers are notified after the commit.
 */
export async function jobsChanged(
  { db, outboxNotifier, jobBus }: Pick<Services, 'db' | 'outboxNotifier' | 'jobBus'>,
  jobs: readonly JobHint[],
): Promise<void> {
  if ((await dispatchNext(db, jobs)) > 0) outboxNotifier.notify();
  for (const hint of jobs) jobBus.publish(hint);
}
