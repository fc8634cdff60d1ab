import { problemOf } from '@portfolio/api/client';

/** What went wrong, for the reader: in the API's own words, or why it was not reached. */
export function describeProblem(error: unknown): string {
  return problemOf(error)?.detail ?? 'Something failed in this page. Reload it and try again.';
}
