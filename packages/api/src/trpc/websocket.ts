import type { Services } from '@portfolio/core/context';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import type { FastifyBaseLogger } from 'fastify';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Authenticate } from '../authenticate.ts';
import { appRouter } from './router.ts';

/** Our messages are small; a larger one is an attack or an error. */
const maxPayloadBytes = 64 * 1024;
/** How long a new connection may take to say who it is. */
const helloMilliseconds = 5000;

export type WebSockets = { close(): Promise<void> };

/**
 * tRPC over WebSocket at `/trpc`, on a server of our own beside Fastify. Pages of origins other than
 * `publicOrigin` are refused, since browsers let any page open a WebSocket to anywhere.
 */
export function attachWebSockets(
  server: Server,
  options: {
    services: Services;
    authenticate: Authenticate;
    publicOrigin: string | undefined;
    log: FastifyBaseLogger;
  },
): WebSockets {
  const { services, authenticate, publicOrigin, log } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxPayloadBytes });

  const handler = applyWSSHandler({
    wss: sockets,
    router: appRouter,
    keepAlive: { enabled: true, pingMs: 30_000, pongWaitMs: 5000 },
    createContext: ({ info }) => ({
      services,
      actor: () => authenticate(info.connectionParams?.authorization),
      closing: null,
      logError: (error) => log.error({ err: error }, 'procedure failed'),
    }),
  });

  sockets.on('connection', (socket) => {
    const silent = setTimeout(() => socket.close(1008, 'Nothing was said in time'), helloMilliseconds);
    socket.once('message', () => clearTimeout(silent));
    socket.once('close', () => clearTimeout(silent));
  });

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer) {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname !== '/trpc') return refuse(stream, '404 Not Found');
    const { origin } = request.headers;
    if (origin !== undefined && !isOurs(origin, request, publicOrigin))
      return refuse(stream, '403 Forbidden');
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit('connection', socket, request));
  }
  server.on('upgrade', upgrade);

  return {
    /** Asks clients to connect again elsewhere, then closes what is left. */
    async close() {
      server.off('upgrade', upgrade);
      handler.broadcastReconnectNotification();
      for (const socket of sockets.clients) socket.close(1001, 'The server is stopping');
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}

/** Without a configured origin, a page may connect to the host that it came from. */
function isOurs(origin: string, request: IncomingMessage, publicOrigin: string | undefined): boolean {
  if (publicOrigin !== undefined) return origin === new URL(publicOrigin).origin;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

function refuse(stream: Duplex, status: string) {
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
