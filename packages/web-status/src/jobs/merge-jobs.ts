import type { Job, JobState } from '../types.ts';

/**
 * Merges a list with live jobs, newest first, in their latest versions. `state` is the filter of the list. While the list
 * `hasMore` pages, live jobs that are older than its last job are left out.
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
  // Ids sort by time of creation.
  return [...merged.values()]
    .filter((job) => state === undefined || job.state === state)
    .toSorted((a, b) => (a.id < b.id ? 1 : -1));
}
