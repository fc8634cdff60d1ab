import type { ErrorCode, FieldError, Problem } from '@portfolio/core/errors';
import { TRPCClientError } from '@trpc/client';

type Refusal = {
  [Code in ErrorCode]: Omit<Problem, 'code' | 'errors'> & { code: Code } & (Code extends 'invalid_input'
      ? { errors: readonly FieldError[] }
      : { errors?: readonly FieldError[] });
}[ErrorCode];

/** What never came to an answer of the API: nobody answered, not in time, or the caller did not want it any more. */
type Failure = {
  [Code in 'unreachable' | 'timeout' | 'aborted']: { code: Code; title: string; detail: string };
}['unreachable' | 'timeout' | 'aborted'];

/**
 * Why a call has failed: the API's problem document (RFC 9457), or what kept the call from reaching it.
 * `code` tells one from another, and TypeScript narrows on it: `invalid_input` has `errors`, the API's own have `status`.
 */
export type ApiError = Refusal | Failure;

const failures = {
  unreachable: {
    code: 'unreachable',
    title: 'The API did not answer',
    detail: 'The server could not be reached. Check the connection and try again.',
  },
  timeout: {
    code: 'timeout',
    title: 'The API did not answer in time',
    detail: 'The server took too long to answer. Try again later.',
  },
  aborted: {
    code: 'aborted',
    title: 'The call was given up',
    detail: 'The call was given up before it was answered.',
  },
} as const satisfies Record<Failure['code'], Failure>;

/** Why a call has failed; null for errors that no call has thrown. */
export function problemOf(error: unknown): ApiError | null {
  if (!(error instanceof TRPCClientError)) return null;
  const data: unknown = error.data;
  if (typeof data === 'object' && data !== null && 'problem' in data) {
    const problem = data.problem as Refusal;
    return problem.code === 'invalid_input' ? { ...problem, errors: problem.errors ?? [] } : problem;
  }
  return failureOf(error);
}

function failureOf({ cause, meta }: { cause?: unknown; meta?: unknown }): Failure | null {
  const name = cause instanceof Error ? cause.name : undefined;
  if (name === 'TimeoutError') return failures.timeout;
  if (name === 'AbortError') return failures.aborted;
  // `fetch` throws a TypeError; what is between us and the API answers in HTML, or in JSON of its own.
  const isUnreadable = name === 'TypeError' || name === 'SyntaxError' || meta !== undefined;
  return isUnreadable || name === 'TRPCWebSocketClosedError' ? failures.unreachable : null;
}

type Result<Data> = { data: Data; error: null } | { data: null; error: ApiError };

/**
 * Turns a call into what came of it: `const { data, error } = await result(api.job.read.query({ id }))`.
 * Errors that are not of the call, such as of an `apiKey` function, are thrown as ever.
 */
export async function result<Data>(call: Promise<Data>): Promise<Result<Data>> {
  try {
    return { data: await call, error: null };
  } catch (cause) {
    const error = problemOf(cause);
    if (error === null) throw cause;
    return { data: null, error };
  }
}
