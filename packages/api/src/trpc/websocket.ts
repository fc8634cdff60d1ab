import type { SecurityLog } from '@portfolio/core/audit/security-log';
import type { Services } from '@portfolio/core/context';
import { access, streams } from '@portfolio/core/telemetry/contract';
import type { FastifyBaseLogger } from 'fastify';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { addressOf } from '../client-address.ts';
import type { Follow } from '../follow.ts';
import type { Authenticator } from '../authenticator.ts';
import { isOwnOrigin } from '../own-origin.ts';
import { credentialOf, isSession } from '../credential.ts';
import type { ReportRefusal } from '../security-events.ts';
import { hasManyHosts } from '../request-target.ts';
import { type ConnectionLimits, Connections, connectionClosed, defaultLimits } from './connection-limits.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { SlowConnections } from './slow-connections.ts';

/** Requests are small: a larger message is an attack or an error. */
const maxPayloadBytes = 64 * 1024;
/** Each fragment and each chunk takes about 200 bytes of memory, however short, until its message is complete. */
const maxParts = 256;
/** How often silent clients are looked for. */
const checkMilliseconds = 1000;

export type WebSockets = { close(): Promise<void> };

/**
 * Serves tRPC over WebSocket at `/trpc`. Upgrades bypass Fastify. Pages of origins other than `publicOrigin` are refused,
 * since browsers let any page open a WebSocket to any host, and so are sessions without an origin.
 */
export function attachWebSockets(
  server: Server,
  options: {
    services: Services;
    authenticator: Authenticator;
    follow: Follow;
    publicOrigin: string | undefined;
    trustedProxyHops: number;
    log: FastifyBaseLogger;
    limits?: Partial<ConnectionLimits>;
    securityLog?: SecurityLog | undefined;
    reportRefusal?: ReportRefusal;
    /** Those that streams over HTTP count in, too. */
    connections?: Connections;
    traceReads?: number;
  },
): WebSockets {
  const { services, authenticator, follow, publicOrigin, trustedProxyHops, log } = options;
  const { reportRefusal = () => {}, securityLog, traceReads = 0 } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const { connections: counted = new Connections(limits) } = options;
  // The types of the library lack some of these.
  const serverOptions = {
    noServer: true,
    maxPayload: maxPayloadBytes,
    maxFragments: maxParts,
    maxBufferedChunks: maxParts,
    closeTimeout: limits.closeMilliseconds,
  };
  const sockets = new WebSocketServer(serverOptions);
  const endCount = streams.sockets.observe(() => [{ value: sockets.clients.size, labels: {} }]);
  const open = new Map<WebSocket, { connection: Connection; address: string; isActorCounted: boolean }>();
  const life = setInterval(() => {
    for (const { connection } of open.values()) connection.checkLife(Date.now());
  }, checkMilliseconds).unref();

  const connectionOptions: ConnectionOptions = {
    services,
    follow,
    limits,
    slow: new SlowConnections(limits),
    reportRefusal,
    traceReads,
    logError: (error, { traceId }) => log.error({ err: error, trace_id: traceId }, 'procedure failed'),
    async authenticate(socket, credential) {
      const about = open.get(socket);
      if (!about) throw connectionClosed();
      const { actor } = await authenticator.admit(credential, about.address, 1);
      // A connection that is counted after its close would be counted forever.
      if (!open.has(socket)) throw connectionClosed();
      if (about.isActorCounted || actor.kind === 'anonymous') return actor;
      try {
        counted.addActor(actor, socket);
        about.isActorCounted = true;
      } catch (error) {
        socket.close(1008, 'Too many connections with this credential');
        throw error;
      }
      return actor;
    },
  };

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer) {
    // Both values come from the client. An exception here would end the process.
    const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    if (url === null || hasManyHosts(request)) return refuse(stream, '400 Bad Request');
    if (url.pathname !== '/trpc') return refuse(stream, '404 Not Found');
    const credential = credentialOf(request.headers);
    const { origin } = request.headers;
    const address = addressOf(request, trustedProxyHops);
    const isFromPage = origin !== undefined || isSession(credential);
    if (isFromPage && !isOwnOrigin(request, publicOrigin)) {
      access.failures.add(1, { reason: 'origin' });
      securityLog?.record('origin.refused', { address });
      return refuse(stream, '403 Forbidden');
    }
    if (counted.isAddressFull(address)) {
      access.limited.add(1, { policy: 'connections' });
      return refuse(stream, '429 Too Many Requests', 'retry-after: 10\r\n');
    }
    const awaitsParams = url.searchParams.get('connectionParams') === '1';
    sockets.handleUpgrade(request, stream, head, (socket) => {
      counted.addAddress(address, socket);
      const connection = new Connection(socket, { credential, address, awaitsParams }, connectionOptions);
      open.set(socket, { connection, address, isActorCounted: false });
      socket.once('close', () => open.delete(socket));
    });
  }
  server.on('upgrade', upgrade);

  return {
    /** Tells clients to reconnect, then closes all connections. */
    async close() {
      server.off('upgrade', upgrade);
      clearInterval(life);
      endCount();
      for (const socket of sockets.clients) {
        if (socket.readyState === WebSocket.OPEN) socket.send('{"id":null,"method":"reconnect"}');
        socket.close(1001, 'The server is stopping');
      }
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}

function refuse(stream: Duplex, status: string, headers = '') {
  // No other listener is left, and an unhandled error event would end the process.
  stream.on('error', () => stream.destroy());
  stream.once('finish', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-length: 0\r\n\r\n`);
}
