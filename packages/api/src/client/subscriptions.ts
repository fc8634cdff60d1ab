import { type TRPCLink, createWSClient, wsLink } from '@trpc/client';
import { tap } from '@trpc/server/observable';
import type { AppRouter } from '../trpc/router.ts';
import { problemOf } from './errors.ts';
import { backoff } from './retry.ts';

/** What `Authorization` says; undefined for strangers. */
export type ReadAuthorization = () => Promise<string | undefined>;

/**
 * Subscriptions over one WebSocket, opened with the first and closed after the last one. A lost connection is opened
 * anew until it stands, and each subscription goes on after the last item that came.
 */
export function subscriptionLink(url: string, readAuthorization: ReadAuthorization): TRPCLink<AppRouter> {
  const open = () =>
    createWSClient({
      url: url.replace(/^http/, 'ws'),
      // In the first message, not in the address, where it would end up in logs.
      connectionParams: async () => {
        const authorization = await readAuthorization();
        return authorization === undefined ? null : { authorization };
      },
      lazy: { enabled: true, closeMs: 1000 },
      // At once at first, since most interruptions are short.
      retryDelayMs: (attempt) => (attempt === 0 ? 0 : backoff(attempt)),
      keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 5000 },
    });

  let socket = open();
  return (runtime) => (call) => {
    const used = socket;
    return wsLink<AppRouter>({ client: used })(runtime)(call).pipe(
      tap({
        error(error) {
          // A connection keeps the credential that it began with: the next one asks for another.
          if (socket === used && problemOf(error)?.code === 'unauthenticated') socket = open();
        },
      }),
    );
  };
}
