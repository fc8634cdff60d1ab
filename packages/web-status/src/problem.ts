import { problemOf } from '@portfolio/api/client';

/** The detail of an error: that of the API, or the reason why the API was not reached. */
export function describeProblem(error: unknown): string {
  return problemOf(error)?.detail ?? 'An unexpected error occurred in this page. Reload it and try again.';
}
