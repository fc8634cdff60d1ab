import type { Db, JobHint, Services } from '../context.ts';
import { dispatch } from './dispatch.ts';

/** Dispatches what is next in the portfolios of changed jobs, in the transaction that changed them; resolves to how many. */
export async function dispatchNext(tx: Db, jobs: readonly { portfolioId: string }[]): Promise<number> {
  let dispatched = 0;
  for (const portfolioId of new Set(jobs.map((job) => job.portfolioId)))
    dispatched += await dispatch(tx, portfolioId);
  return dispatched;
}

/**
 * What follows every change of jobs: the next ones are dispatched, and their watchers are notified. Within an operation
 * the queue and the watchers hear of it after the commit.
 */
export async function jobsChanged(
  { db, outboxNotifier, jobBus }: Pick<Services, 'db' | 'outboxNotifier' | 'jobBus'>,
  jobs: readonly JobHint[],
): Promise<void> {
  if ((await dispatchNext(db, jobs)) > 0) outboxNotifier.notify();
  for (const hint of jobs) jobBus.publish(hint);
}
