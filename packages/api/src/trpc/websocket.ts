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
/** How long a connection that is being closed may take to agree. */
const goodbyeMilliseconds = 2000;

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
    /** How long a new connection may take to say who it is. */
    helloMilliseconds?: number;
  },
): WebSockets {
  const { services, authenticate, publicOrigin, log, helloMilliseconds = 5000 } = options;
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
    // Clients write what they like into both: an exception here would end the process.
    const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    if (url === null) return refuse(stream, '400 Bad Request');
    if (url.pathname !== '/trpc') return refuse(stream, '404 Not Found');
    const { origin } = request.headers;
    if (origin !== undefined && !isOurs(origin, request, publicOrigin))
      return refuse(stream, '403 Forbidden');
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit('connection', socket, request));
  }
  server.on('upgrade', upgrade);

  return {
    /** Asks clients to connect again elsewhere, then closes what is left; those that do not answer are cut off. */
    async close() {
      server.off('upgrade', upgrade);
      handler.broadcastReconnectNotification();
      for (const socket of sockets.clients) socket.close(1001, 'The server is stopping');
      const cutOff = setTimeout(
        () => sockets.clients.forEach((socket) => socket.terminate()),
        goodbyeMilliseconds,
      );
      await new Promise((resolve) => sockets.close(resolve));
      clearTimeout(cutOff);
    },
  };
}

/** Without a configured origin, a page may connect to the host that it came from. */
function isOurs(origin: string, request: IncomingMessage, publicOrigin: string | undefined): boolean {
  if (publicOrigin !== undefined) return origin === new URL(publicOrigin).origin;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

function refuse(stream: Duplex, status: string) {
  // Nobody else listens to this socket any more, and an error that nobody hears would end the process.
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
