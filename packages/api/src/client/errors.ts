import type { ErrorCode, FieldError, Problem } from '@portfolio/core/errors';
import { TRPCClientError } from '@trpc/client';

type Refusal = {
  [Code in ErrorCode]: Omit<Problem, 'code' | 'errors'> & { code: Code } & (Code extends 'invalid_input'
      ? { errors: readonly FieldError[] }
      : { errors?: readonly FieldError[] });
}[ErrorCode];

/** A call without an answer of the API: the API was unreachable or too slow, or the caller aborted the call. */
type Failure = {
  [Code in 'unreachable' | 'timeout' | 'aborted']: { code: Code; title: string; detail: string };
}['unreachable' | 'timeout' | 'aborted'];

/**
 * Why a call failed: the API's problem document (RFC 9457), or the reason why the API did not answer. TypeScript narrows
 * on `code`: problems of the API have a `status`, and `invalid_input` has `errors`.
 */
export type ApiError = Refusal | Failure;

const failures = {
  unreachable: {
    code: 'unreachable',
    title: 'API unreachable',
    detail: 'The server could not be reached. Check the connection and retry.',
  },
  timeout: {
    code: 'timeout',
    title: 'Request timed out',
    detail: 'The server did not answer in time. Retry later.',
  },
  aborted: {
    code: 'aborted',
    title: 'Call aborted',
    detail: 'The caller aborted the call before it was answered.',
  },
} as const satisfies Record<Failure['code'], Failure>;

/** Why a call failed; null for errors that were not thrown by a call. */
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
  // `fetch` throws a TypeError. A proxy on the way answers with HTML, or with JSON in another format.
  const isUnreadable = name === 'TypeError' || name === 'SyntaxError' || meta !== undefined;
  return isUnreadable || name === 'TRPCWebSocketClosedError' ? failures.unreachable : null;
}

type Result<Data> = { data: Data; error: null } | { data: null; error: ApiError };

/**
 * Resolves to the outcome of a call: `const { data, error } = await result(api.job.read.query({ id }))`.
 * Rejects for other errors, such as one that an `apiKey` function throws.
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
