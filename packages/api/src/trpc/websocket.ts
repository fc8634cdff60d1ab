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
import { type ConnectionLimits, Tally, createFlow, limitMessages } from './connection-limits.ts';
import { appRouter } from './router.ts';

/** Our messages are small; a larger one is an attack or an error. */
const maxPayloadBytes = 64 * 1024;
/** How long a connection that is being closed may take to agree. */
const goodbyeMilliseconds = 2000;

const defaultLimits: ConnectionLimits = {
  helloMilliseconds: 5000,
  messagesPerTenSeconds: 300,
  connectionsPerAddress: 200,
  connectionsPerActor: 100,
  subscriptionsPerConnection: 100,
  bufferedBytes: 1024 * 1024,
  stuckMilliseconds: 15_000,
};

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
    rateLimits: RateLimits | undefined;
    trustedProxyHops: number;
    log: FastifyBaseLogger;
    limits?: Partial<ConnectionLimits>;
  },
): WebSockets {
  const { services, authenticate, publicOrigin, rateLimits, trustedProxyHops, log } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxPayloadBytes });
  const ofAddress = new Tally(limits.connectionsPerAddress);
  const ofActor = new Tally(limits.connectionsPerActor);

  /** Who asks, anew for each call, and whether one more call of theirs is done. */
  function createActor(socket: WebSocket, address: string, authorization: string | undefined) {
    let isCounted = false;
    return async () => {
      const actor = authenticate(authorization);
      if (rateLimits) await limitCall(rateLimits, actor, address);
      const known = await actor;
      if (known.kind !== 'anonymous' && !isCounted) {
        isCounted = true;
        if (!ofActor.add(`${known.kind} ${known.subject}`, socket)) {
          socket.close(1008, 'Too many connections of one credential');
          throw new AppError('too_many_requests', 'Close some of your connections, then connect again.');
        }
      }
      return known;
    };
  }

  // Before tRPC listens to the socket, so that it hears nothing after a limit is passed.
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
    // Clients write what they like into both: an exception here would end the process.
    const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    if (url === null) return refuse(stream, '400 Bad Request');
    if (url.pathname !== '/trpc') return refuse(stream, '404 Not Found');
    const { origin } = request.headers;
    if (origin !== undefined && !isOurs(origin, request, publicOrigin))
      return refuse(stream, '403 Forbidden');
    const network = networkOf(addressOf(request, trustedProxyHops));
    if (ofAddress.isFull(network)) return refuse(stream, '429 Too Many Requests', 'retry-after: 10\r\n');
    sockets.handleUpgrade(request, stream, head, (socket) => {
      ofAddress.add(network, socket);
      sockets.emit('connection', socket, request);
    });
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

function refuse(stream: Duplex, status: string, headers = '') {
  // Nobody else listens to this socket any more, and an error that nobody hears would end the process.
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-length: 0\r\n\r\n`);
}
