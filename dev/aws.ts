import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdir } from 'node:fs/promises';
import { startFauxqs } from 'fauxqs';

export interface AwsOptions {
  /** Folder for queues, messages, buckets and objects, made when missing; left out, they are in memory. */
  dataDir?: string;
  /** Port on 127.0.0.1; left out, a free one is found. */
  port?: number;
}

export interface AwsServer {
  /** For the `endpoint` of every AWS SDK client; S3 clients need `forcePathStyle` as well. */
  endpoint: string;
  port: number;
  /** Ends waiting receives and closes the files. Harmless when repeated. */
  stop(): Promise<void>;
}

/**
 * Starts SQS and S3 by the AWS wire protocol (fauxqs), in this process and on 127.0.0.1 only.
 *
 * Any credentials are accepted. Queues belong to the region of the client that made them. The host in
 * a queue's URL is not to be called: clients reach the server by `endpoint` alone.
 *
 * @throws Error written for people: the port is busy, or the folder cannot be used.
 */
export async function startAws({ dataDir, port = 0 }: AwsOptions = {}): Promise<AwsServer> {
  try {
    if (dataDir) await mkdir(dataDir, { recursive: true, mode: 0o700 });
    // Objects go to the same SQLite file as messages: kept as plain files, a crash could cut one short.
    const server = await withNewServers(
      (webServer) => {
        listenOnLoopback(webServer);
        webServer.addHook('onRoute', allowLargeForms);
        if (dataDir) webServer.addHook('preHandler', async ({ body }) => avoidVisibilityZero(body));
      },
      () => startFauxqs({ port, logger: false, dataDir }),
    );
    return {
      endpoint: `http://127.0.0.1:${server.port}`,
      port: server.port,
      stop: () => server.stop(),
    };
  } catch (cause) {
    throw startError(cause, port, dataDir);
  }
}

function startError(cause: unknown, port: number, dataDir: string | undefined): Error {
  if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
    return new Error(`Port ${port} on 127.0.0.1 is busy, so the local SQS and S3 cannot listen on it.`, {
      cause,
    });
  }
  const place = dataDir
    ? ` on ${dataDir}. Put back a good copy of that folder, or move it away to begin with empty queues and buckets`
    : '';
  return new Error(`The local SQS and S3 do not start (${String(cause)})${place}.`, { cause });
}

/** As much of a Fastify server and its requests as is used here. */
interface WebServer {
  listen(options: object): Promise<string>;
  addHook(name: 'preHandler', hook: (request: { body?: unknown }) => Promise<void>): void;
  addHook(name: 'onRoute', hook: (route: { bodyLimit?: number }) => void): void;
}

/** Calls `start` and passes on the web servers that it makes, which Fastify announces on a channel. */
function withNewServers<T>(adapt: (server: WebServer) => void, start: () => T): T {
  const listener = (message: unknown): void => {
    if (announcesServer(message)) adapt(message.fastify);
  };
  subscribe('fastify.initialization', listener);
  try {
    return start();
  } finally {
    unsubscribe('fastify.initialization', listener);
  }
}

function announcesServer(message: unknown): message is { fastify: WebServer } {
  return typeof message === 'object' && message !== null && 'fastify' in message;
}

/** fauxqs listens on all interfaces and has no setting for that. */
function listenOnLoopback(server: WebServer): void {
  const listen = server.listen.bind(server);
  server.listen = (options) => listen({ ...options, host: '127.0.0.1' });
}

/** fauxqs takes bodies of 11 MiB at most, but S3 takes files of 5 GiB by one form: here, a bit more than 100 MiB. */
function allowLargeForms(route: { bodyLimit?: number }): void {
  route.bodyLimit = 101 * 1024 * 1024;
}

/**
 * With a folder, fauxqs 2.4.1 loses sight of a message whose visibility is set to 0, and of its group,
 * until a restart: it fails to save that. Here such a message comes back a second later.
 */
function avoidVisibilityZero(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  if ('ReceiptHandle' in body && 'VisibilityTimeout' in body && body.VisibilityTimeout === 0) {
    body.VisibilityTimeout = 1;
  }
  if ('Entries' in body && Array.isArray(body.Entries)) body.Entries.forEach(avoidVisibilityZero);
}
