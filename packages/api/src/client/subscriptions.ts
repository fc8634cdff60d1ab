import { type TRPCLink, createWSClient, wsLink } from '@trpc/client';
import { tap } from '@trpc/server/observable';
import type { AppRouter } from '../trpc/router.ts';
import { problemOf } from './errors.ts';
import { LiveSocket } from './live-socket.ts';
import { backoff } from './retry.ts';

/** The value of `Authorization`; undefined for anonymous readers. */
export type ReadAuthorization = () => Promise<string | undefined>;

/** After a silence of 12 s in all, the server counts as lost. */
const keepAlive = { intervalMs: 8000, pongTimeoutMs: 4000 };

/**
 * Runs subscriptions over one WebSocket, which is opened with the first and closed after the last one. A lost connection
 * is reopened, and each subscription resumes after the last received item.
 */
export function subscriptionLink(
  url: string,
  readAuthorization: ReadAuthorization,
  life = keepAlive,
): TRPCLink<AppRouter> {
  const open = () =>
    createWSClient({
      url: url.replace(/^http/, 'ws'),
      // Sent in the first message, since URLs end up in logs.
      connectionParams: async () => {
        const authorization = await readAuthorization();
        return authorization === undefined ? null : { authorization };
      },
      lazy: { enabled: true, closeMs: 1000 },
      // The first retry is immediate, since most interruptions are short.
      retryDelayMs: (attempt) => (attempt === 0 ? 0 : backoff(attempt)),
      keepAlive: { enabled: true, ...life },
      WebSocket: LiveSocket,
    });

  let socket = open();
  return (runtime) => (call) => {
    const used = socket;
    return wsLink<AppRouter>({ client: used })(runtime)(call).pipe(
      tap({
        error(error) {
          // The credential of a connection is fixed, so a new one needs a new connection.
          if (socket === used && problemOf(error)?.code === 'unauthenticated') socket = open();
        },
      }),
    );
  };
}
