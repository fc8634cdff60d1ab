import type { AppRouter } from '@portfolio/api/client';
import { isTRPCClientError, type TRPCClientErrorLike } from '@trpc/client';

export type ApiError = TRPCClientErrorLike<AppRouter>;

type ProblemCode = NonNullable<ApiError['data']>['problem']['code'];

/** Why the API refused; undefined when it never answered in its own words, as when the network failed. */
export function problemCode(error: unknown): ProblemCode | undefined {
  return isTRPCClientError<AppRouter>(error) ? error.data?.problem.code : undefined;
}

/** What went wrong, for the reader: the API's own words, or that the API could not be reached. */
export function describeProblem(error: unknown): string {
  if (isTRPCClientError<AppRouter>(error) && error.data) return error.data.problem.detail;
  return 'The server could not be reached. Check the connection and try again.';
}

/** True where asking again may help: nobody answered, or the server itself is in trouble. */
export function isTemporary(error: unknown): boolean {
  const code = problemCode(error);
  return code === undefined || code === 'unavailable' || code === 'internal';
}
