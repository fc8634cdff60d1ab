import { TRPCClientError, type TRPCLink, createWSClient, wsLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
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
  const abandoned = new Set<typeof socket>();

  function replace(used: typeof socket) {
    if (socket === used) socket = open();
  }

  /** Ends all calls of a connection, which begin again on a new one. */
  function abandon(used: typeof socket) {
    replace(used);
    abandoned.add(used);
    void used.close().finally(() => abandoned.delete(used));
  }

  return (runtime) => (call) =>
    observable((observer) => {
      const used = socket;
      return wsLink<AppRouter>({ client: used })(runtime)(call).subscribe({
        next: (envelope) => observer.next(envelope),
        error(error) {
          // The credential of a connection is fixed, so a new one needs a new connection.
          if (problemOf(error)?.code === 'unauthenticated') replace(used);
          if (!isUnsent(error)) return observer.error(error);
          abandon(used);
          observer.error(connectionLost());
        },
        complete: () => (abandoned.has(used) ? observer.error(connectionLost()) : observer.complete()),
      });
    });
}

/**
 * True if the connection was lost after it had opened and before the calls that waited for it were sent. tRPC fails one of
 * them only, with an error that has no type, and may never send the others.
 */
function isUnsent({ cause }: TRPCClientError<AppRouter>): boolean {
  return cause?.message === 'Active connection is not open';
}

/** The error of tRPC for a connection that is lost, which it does not export. */
function connectionLost() {
  const cause = Object.assign(new Error('WebSocket closed'), { name: 'TRPCWebSocketClosedError' });
  return TRPCClientError.from<AppRouter>(cause);
}
