import { TRPCClientError, type Operation, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { AppRouter } from '../trpc/router.ts';
import { type ApiError, problemOf } from './errors.ts';

const firstDelayMilliseconds = 200;
const maxDelayMilliseconds = 10_000;
/** Where the API asks for a longer pause, the caller is told instead. */
const maxRetryAfterMilliseconds = 60_000;

/** What may go differently the next time. Mutations are repeated with the same idempotency key. */
const temporary = new Set<ApiError['code']>([
  'unreachable',
  'timeout',
  'unavailable',
  'internal',
  'too_many_requests',
  'idempotency_key_in_use',
]);

/** True where the same call may succeed a little later. */
export function isTemporary(error: unknown): boolean {
  const problem = problemOf(error);
  return problem !== null && temporary.has(problem.code);
}

/**
 * Repeats what failed for a reason that may pass: queries and mutations up to `retries` times, subscriptions until
 * they are given up, from after the last item that came. `renewsKey` says that a refused credential may be replaced
 * by a better one, so that a subscription outlives its token. An aborted call ends at once.
 */
export function retryLink({
  retries,
  renewsKey,
}: {
  retries: number;
  renewsKey: boolean;
}): TRPCLink<AppRouter> {
  /** How long to wait after so many failures in a row; null to give up. */
  function delayAfter({ type }: Operation, error: TRPCClientError<AppRouter>, failures: number) {
    if (type === 'subscription' && failures === 1 && renewsKey && isRefusedKey(error)) return 0;
    if (!isTemporary(error) || (type !== 'subscription' && failures > retries)) return null;
    const asked = readRetryAfter(error);
    if (asked > maxRetryAfterMilliseconds) return null;
    return Math.max(asked, backoff(failures));
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
          op.signal?.removeEventListener('abort', giveUp);
        }

        function giveUp() {
          stop();
          if (op.type === 'subscription') observer.complete();
          else observer.error(TRPCClientError.from(reasonOf(op.signal)));
        }

        op.signal?.addEventListener('abort', giveUp, { once: true });
        if (op.signal?.aborted) giveUp();
        else start();
        return stop;
      });
}

function resumed(op: Operation, lastEventId: string): Operation {
  return { ...op, input: { ...(op.input as object | undefined), lastEventId } };
}

/** Why the caller gave the call up: a time-out of its own, or any reason. */
function reasonOf(signal: AbortSignal | null | undefined): Error {
  const reason: unknown = signal?.reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') return reason;
  return new DOMException('The call was given up.', 'AbortError');
}

function isRefusedKey(error: unknown): boolean {
  return problemOf(error)?.code === 'unauthenticated';
}

/** Doubles with each failure; the jitter keeps clients that failed together from coming back together. */
export function backoff(failures: number): number {
  const full = Math.min(firstDelayMilliseconds * 2 ** (failures - 1), maxDelayMilliseconds);
  return full * (0.5 + Math.random() / 2);
}

/** The pause that `Retry-After` asks for (RFC 9110, 10.2.3), in milliseconds; 0 where it cannot be read. */
function readRetryAfter({ meta }: TRPCClientError<AppRouter>): number {
  const response: unknown = meta?.response;
  const value = response instanceof Response ? response.headers.get('retry-after') : null;
  if (value === null) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? 0 : Math.max(milliseconds, 0);
}
