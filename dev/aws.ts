import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdir } from 'node:fs/promises';
import { startFauxqs } from 'fauxqs';

export interface AwsOptions {
  /** Folder for queues, messages, buckets and objects, created if missing; by default they are in memory. */
  dataDir?: string;
  /** Port on 127.0.0.1; by default a free one. */
  port?: number;
}

export interface AwsServer {
  /** For the `endpoint` of every AWS SDK client; S3 clients need `forcePathStyle` as well. */
  endpoint: string;
  port: number;
  /** Ends waiting receives and closes the files. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts servers of the SQS and S3 protocols (fauxqs), in this process and on 127.0.0.1 only.
 *
 * Any credentials are accepted. Queues belong to the region of the client that created them. Clients must use `endpoint`;
 * the host in a queue's URL is not reachable.
 *
 * @throws Error with a message for users: the port is busy, or the folder cannot be used.
 */
export async function startAws({ dataDir, port = 0 }: AwsOptions = {}): Promise<AwsServer> {
  try {
    if (dataDir) await mkdir(dataDir, { recursive: true, mode: 0o700 });
    // Objects are stored in the same SQLite file as messages: a crash could truncate plain files.
    const server = await withNewServers(
      (webServer) => {
        listenOnLoopback(webServer);
        webServer.addHook('onRoute', allowLargeForms);
        webServer.addHook('preHandler', async ({ body }) => hideTraceHeader(body));
        webServer.addHook('preSerialization', async (_request, _reply, answer) => showTraceHeader(answer));
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
  const advice = dataDir
    ? ` on ${dataDir}. Restore a backup of that folder, or move it away to start with empty queues and buckets`
    : '';
  return new Error(`The local SQS and S3 did not start (${String(cause)})${advice}.`, { cause });
}

/** The part of a Fastify server that is used here. */
interface WebServer {
  listen(options: object): Promise<string>;
  addHook(name: 'preHandler', hook: (request: { body?: unknown }) => Promise<void>): void;
  addHook(
    name: 'preSerialization',
    hook: (request: object, reply: object, answer: unknown) => Promise<unknown>,
  ): void;
  addHook(name: 'onRoute', hook: (route: { bodyLimit?: number }) => void): void;
}

/** Calls `start`, and `adapt` with each web server that it creates; Fastify announces them on a diagnostics channel. */
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

/** fauxqs accepts bodies of 11 MiB at most, S3 accepts forms with files of 5 GiB: here the limit is just over 100 MiB. */
function allowLargeForms(route: { bodyLimit?: number }): void {
  route.bodyLimit = 101 * 1024 * 1024;
}

/**
 * With a folder, fauxqs 2.4.1 does not save a visibility timeout of 0: the message and its group stay invisible until a
 * restart. With a timeout of 1, they become visible a second later.
 */
function avoidVisibilityZero(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  if ('ReceiptHandle' in body && 'VisibilityTimeout' in body && body.VisibilityTimeout === 0) {
    body.VisibilityTimeout = 1;
  }
  if ('Entries' in body && Array.isArray(body.Entries)) body.Entries.forEach(avoidVisibilityZero);
}

/** SQS stores the system attribute of a trace with a message. fauxqs 2.4.1 drops it, but stores other attributes. */
const traceHeader = 'AWSTraceHeader';

type Attributes = Record<string, unknown>;
type SqsMessage = {
  Attributes?: Attributes;
  MessageAttributes?: Attributes;
  MD5OfMessageAttributes?: string;
};

function hideTraceHeader(body: unknown): void {
  if (typeof body !== 'object' || body === null || !('MessageSystemAttributes' in body)) return;
  const { [traceHeader]: header } = body.MessageSystemAttributes as Attributes;
  const { MessageAttributes: others } = body as SqsMessage;
  if (header !== undefined) Object.assign(body, { MessageAttributes: { ...others, [traceHeader]: header } });
}

/** Whoever receives the message has asked for the header: nothing else in this platform receives any. */
function showTraceHeader(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('Messages' in answer)) return answer;
  for (const message of (answer.Messages ?? []) as SqsMessage[]) {
    const { [traceHeader]: header, ...others } = message.MessageAttributes ?? {};
    if (header === undefined) continue;
    const { StringValue: value } = header as { StringValue: string };
    message.Attributes = { ...message.Attributes, [traceHeader]: value };
    message.MessageAttributes = others;
    delete message.MD5OfMessageAttributes;
  }
  return answer;
}
