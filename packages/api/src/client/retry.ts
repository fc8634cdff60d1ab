import { TRPCClientError, type Operation, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { AppRouter } from '../trpc/router.ts';
import { type ApiError, problemOf } from './errors.ts';

const firstDelayMilliseconds = 200;
const maxDelayMilliseconds = 10_000;
/** Where `Retry-After` is longer, the call fails instead of waiting. */
const maxRetryAfterMilliseconds = 60_000;

/** Errors after which a retry may succeed. Mutations are retried with the same idempotency key. */
const temporary = new Set<ApiError['code']>([
  'unreachable',
  'timeout',
  'unavailable',
  'internal',
  'too_many_requests',
  'idempotency_key_in_use',
]);

/** True for errors after which the same call may succeed a little later. */
export function isTemporary(error: unknown): boolean {
  const problem = problemOf(error);
  return problem !== null && temporary.has(problem.code);
}

/**
 * Retries calls after temporary failures: queries and mutations up to `retries` times, subscriptions until they are
 * aborted, resuming after the last received item. With `canRenewKey`, a subscription whose credential is refused is
 * retried once with a new one, since it may outlive its token.
 */
export function retryLink({
  retries,
  canRenewKey,
}: {
  retries: number;
  canRenewKey: boolean;
}): TRPCLink<AppRouter> {
  /** The milliseconds to wait after a number of consecutive failures; null where the call is not retried. */
  function delayAfter({ type }: Operation, error: TRPCClientError<AppRouter>, failures: number) {
    if (type === 'subscription' && failures === 1 && canRenewKey && isRefusedKey(error)) return 0;
    if (!isTemporary(error) || (type !== 'subscription' && failures > retries)) return null;
    const retryAfter = readRetryAfter(error);
    if (retryAfter > maxRetryAfterMilliseconds) return null;
    return Math.max(retryAfter, backoff(failures));
  }

  return () =>
    ({ op, next }) =>
      observable((observer) => {
        let failures = 0;
        let lastEventId: string | undefined;
        let attempt: { unsubscribe(): void } | undefined;
        let timer: ReturnType<typeof setTimeout> | undefined;

        function start() {
          attempt = next(lastEventId === undefined ? op : resumed(op, lastEventId)).subscribe({
            next(envelope) {
              const { result } = envelope;
              if (result.type === 'data' || result.type === undefined) failures = 0;
              if ('id' in result && typeof result.id === 'string') lastEventId = result.id;
              observer.next(envelope);
            },
            error(error) {
              const delay = delayAfter(op, error, ++failures);
              if (delay === null) return observer.error(error);
              if (op.type === 'subscription')
                observer.next({ result: { type: 'state', state: 'connecting', error } });
              timer = setTimeout(start, delay);
            },
            complete: () => observer.complete(),
          });
        }

        function stop() {
          clearTimeout(timer);
          attempt?.unsubscribe();
          op.signal?.removeEventListener('abort', abort);
        }

        function abort() {
          stop();
          if (op.type === 'subscription') observer.complete();
          else observer.error(TRPCClientError.from(reasonOf(op.signal)));
        }

        op.signal?.addEventListener('abort', abort, { once: true });
        if (op.signal?.aborted) abort();
        else start();
        return stop;
      });
}

function resumed(op: Operation, lastEventId: string): Operation {
  return { ...op, input: { ...(op.input as object | undefined), lastEventId } };
}

/** The caller's TimeoutError where the call timed out, otherwise an AbortError. */
function reasonOf(signal: AbortSignal | null | undefined): Error {
  const reason: unknown = signal?.reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') return reason;
  return new DOMException('The call was aborted.', 'AbortError');
}

function isRefusedKey(error: unknown): boolean {
  return problemOf(error)?.code === 'unauthenticated';
}

/** Doubles with each failure. Jitter spreads the retries of clients that failed together. */
export function backoff(failures: number): number {
  const full = Math.min(firstDelayMilliseconds * 2 ** (failures - 1), maxDelayMilliseconds);
  return full * (0.5 + Math.random() / 2);
}

/** `Retry-After` (RFC 9110, 10.2.3) in milliseconds; 0 where it is missing or invalid. */
function readRetryAfter({ meta }: TRPCClientError<AppRouter>): number {
  const response: unknown = meta?.response;
  const value = response instanceof Response ? response.headers.get('retry-after') : null;
  if (value === null) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? 0 : Math.max(milliseconds, 0);
}
