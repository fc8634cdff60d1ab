import type { Job, JobEvent } from '../types.ts';
import { isOpen } from '../ui/words.ts';

/**
 * Where a job stands by all that is known: the newest of its versions, and on top of it the last event, which
 * may be ahead of them.
 */
export function currentJob(
  versions: readonly (Job | undefined)[],
  lastEvent: JobEvent | undefined,
): Job | undefined {
  const newest = versions.reduce((a, b) => (!a || (b && b.lastSeq > a.lastSeq) ? b : a), undefined);
  if (!newest || !lastEvent || lastEvent.seq <= newest.lastSeq) return newest;
  const { seq, at, type, ...standing } = lastEvent;
  return {
    ...newest,
    ...standing,
    lastSeq: seq,
    updatedAt: at,
    stalled: false,
    retryAt: null,
    cancelRequestedAt: type === 'requeued' ? null : type === 'cancelling' ? at : newest.cancelRequestedAt,
    startedAt: type === 'started' ? at : newest.startedAt,
    finishedAt: isOpen(lastEvent) ? null : at,
  };
}
