import type { Job, JobEvent } from '../types.ts';
import { isOpen } from '../ui/words.ts';

/**
 * The current job: the latest of its versions, updated with the last event where that is newer. Undefined without a
 * version.
 */
export function currentJob(
  versions: readonly (Job | undefined)[],
  lastEvent: JobEvent | undefined,
): Job | undefined {
  const newest = versions.reduce((a, b) => (!a || (b && b.lastSeq > a.lastSeq) ? b : a), undefined);
  if (!newest || !lastEvent || lastEvent.seq <= newest.lastSeq) return newest;
  const { seq, at, type, ...changes } = lastEvent;
  return {
    ...newest,
    ...changes,
    lastSeq: seq,
    updatedAt: at,
    stalled: false,
    retryAt: null,
    cancelRequestedAt: type === 'requeued' ? null : type === 'cancelling' ? at : newest.cancelRequestedAt,
    startedAt: type === 'started' ? at : newest.startedAt,
    finishedAt: isOpen(lastEvent) ? null : at,
  };
}
