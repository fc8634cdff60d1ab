import type { Services } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import type { FastifyBaseLogger } from 'fastify';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Authenticate } from '../authenticate.ts';
import { addressOf, networkOf } from '../client-address.ts';
import { type RateLimits, limitCall } from '../rate-limit.ts';
import { type ConnectionLimits, ConnectionCounter, createFlow, limitMessages } from './connection-limits.ts';
import { appRouter } from './router.ts';

/** Requests are small: a larger message is an attack or an error. */
const maxPayloadBytes = 64 * 1024;
/** The time limit for the closing handshake of a connection. */
const closeTimeoutMilliseconds = 2000;

const defaultLimits: ConnectionLimits = {
  firstMessageMilliseconds: 5000,
  messagesPerTenSeconds: 300,
  connectionsPerAddress: 200,
  connectionsPerActor: 100,
  subscriptionsPerConnection: 100,
  bufferedBytes: 1024 * 1024,
  stuckMilliseconds: 15_000,
};

export type WebSockets = { close(): Promise<void> };

/**
 * Serves tRPC over WebSocket at `/trpc`. Upgrades bypass Fastify. Pages of origins other than `publicOrigin` are refused,
 * since browsers let any page open a WebSocket to any host.
 */
export function attachWebSockets(
  server: Server,
  options: {
    services: Services;
    authenticate: Authenticate;
    publicOrigin: string | undefined;
    rateLimits: RateLimits | undefined;
    trustedProxyHops: number;
    log: FastifyBaseLogger;
    limits?: Partial<ConnectionLimits>;
  },
): WebSockets {
  const { services, authenticate, publicOrigin, rateLimits, trustedProxyHops, log } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxPayloadBytes });
  const perAddress = new ConnectionCounter(limits.connectionsPerAddress);
  const perActor = new ConnectionCounter(limits.connectionsPerActor);

  /** Authenticates the actor for each call, and applies the rate limit and the limit of connections. */
  function createActor(socket: WebSocket, address: string, authorization: string | undefined) {
    let isCounted = false;
    return async () => {
      const actor = authenticate(authorization);
      if (rateLimits) await limitCall(rateLimits, actor, address);
      const known = await actor;
      if (known.kind !== 'anonymous' && !isCounted) {
        isCounted = true;
        if (!perActor.add(`${known.kind} ${known.subject}`, socket)) {
          socket.close(1008, 'Too many connections with this credential');
          throw new AppError(
            'too_many_requests',
            'Too many connections with this credential. Close some of them, then connect again.',
          );
        }
      }
      return known;
    };
  }

  // Registered before the handler of tRPC, so that no message beyond the limit reaches it.
  sockets.on('connection', (socket) => limitMessages(socket, limits));

  const handler = applyWSSHandler({
    wss: sockets,
    router: appRouter,
    keepAlive: { enabled: true, pingMs: 30_000, pongWaitMs: 5000 },
    createContext: ({ req, res: socket, info }) => ({
      services,
      actor: createActor(
        socket,
        addressOf(req, trustedProxyHops),
        info.connectionParams?.authorization ?? undefined,
      ),
      closing: null,
      flow: createFlow(socket, limits),
      logError: (error) => log.error({ err: error }, 'procedure failed'),
    }),
  });

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer) {
    // Both values come from the client. An exception here would end the process.
    const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    if (url === null) return refuse(stream, '400 Bad Request');
    if (url.pathname !== '/trpc') return refuse(stream, '404 Not Found');
    const { origin } = request.headers;
    if (origin !== undefined && !isAllowedOrigin(origin, request, publicOrigin))
      return refuse(stream, '403 Forbidden');
    const network = networkOf(addressOf(request, trustedProxyHops));
    if (perAddress.isFull(network)) return refuse(stream, '429 Too Many Requests', 'retry-after: 10\r\n');
    sockets.handleUpgrade(request, stream, head, (socket) => {
      perAddress.add(network, socket);
      sockets.emit('connection', socket, request);
    });
  }
  server.on('upgrade', upgrade);

  return {
    /** Tells clients to reconnect, then closes all connections. Those that do not complete the close are terminated. */
    async close() {
      server.off('upgrade', upgrade);
      handler.broadcastReconnectNotification();
      for (const socket of sockets.clients) socket.close(1001, 'The server is stopping');
      const terminate = setTimeout(
        () => sockets.clients.forEach((socket) => socket.terminate()),
        closeTimeoutMilliseconds,
      );
      await new Promise((resolve) => sockets.close(resolve));
      clearTimeout(terminate);
    },
  };
}

/** Without a configured origin, a page may connect to the host that served it. */
function isAllowedOrigin(
  origin: string,
  request: IncomingMessage,
  publicOrigin: string | undefined,
): boolean {
  if (publicOrigin !== undefined) return origin === new URL(publicOrigin).origin;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

function refuse(stream: Duplex, status: string, headers = '') {
  // No other listener is left, and an unhandled error event would end the process.
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-length: 0\r\n\r\n`);
}
