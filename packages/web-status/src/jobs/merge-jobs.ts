import type { Job, JobState } from '../types.ts';

/**
 * The list to show: what was listed, in its newest version, with the live jobs that belong into it, newest
 * first. `state` is the filter that the list was asked with; while the list `hasMore`, jobs older than its last
 * one are left for later pages.
 */
export function mergeJobs(
  listed: readonly Job[],
  live: ReadonlyMap<string, Job>,
  { state, hasMore }: { state: JobState | undefined; hasMore: boolean },
): Job[] {
  const merged = new Map(listed.map((job) => [job.id, job]));
  const oldest = listed.at(-1)?.id ?? '';
  for (const job of live.values()) {
    const known = merged.get(job.id);
    const belongs = known ? job.lastSeq > known.lastSeq : !hasMore || job.id > oldest;
    if (belongs) merged.set(job.id, job);
  }
  // Ids sort by the time of their creation.
  return [...merged.values()]
    .filter((job) => state === undefined || job.state === state)
    .toSorted((a, b) => (a.id < b.id ? 1 : -1));
}
