import { allOperations } from '@portfolio/core';
import type { Actor } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import type { AnyOperation, StreamOperation } from '@portfolio/core/operation';
import type { OpenStream, Receiver, Tracked } from '@portfolio/core/stream';
import { type SpanContext, newSpanContext, writeTraceparent } from '@portfolio/core/telemetry/trace';
import {
  TRPCError,
  type TRPCProcedureType,
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
} from '@trpc/server';
import { parseConnectionParamsFromUnknown } from '@trpc/server/http';
import { type TRPCClientOutgoingMessage, parseTRPCMessage } from '@trpc/server/rpc';
import type { RawData, WebSocket } from 'ws';
import { messageOf } from '../encode.ts';
import type { Follow } from '../follow.ts';
import { type ConnectionLimits, tooMany } from './connection-limits.ts';
import type { ReportRefusal } from '../security-events.ts';
import { countStream } from '../stream-telemetry.ts';
import { type CallTrace, beginCall } from './call-trace.ts';
import { nameTrace, toTrpcError } from './procedures.ts';
import { maxBatchSize } from './published.ts';
import { appRouter } from './router.ts';
import type { SlowConnections } from './slow-connections.ts';

const pingMilliseconds = 30_000;
const pongMilliseconds = 5000;
const windowMilliseconds = 10_000;
const asText = { binary: false };
const [ping, pong] = [Buffer.from('PING'), Buffer.from('PONG')];

const { _def: definition } = appRouter;
const { _config: config } = definition;

const isStream = (operation: AnyOperation): operation is StreamOperation => operation.kind === 'subscription';
const streams = new Map(allOperations.filter(isStream).map((operation) => [operation.name, operation]));

/** What connections share. */
export type ConnectionOptions = {
  services: Services;
  follow: Follow;
  limits: ConnectionLimits;
  slow: SlowConnections;
  reportRefusal: ReportRefusal;
  /** The share of anonymous reads that is traced. */
  traceReads: number;
  logError: (error: unknown, trace: SpanContext) => void;
  /** Authenticates a call and applies the limits. Closes the socket beyond a limit of connections, and throws. */
  authenticate(socket: WebSocket, credential: string | undefined): Promise<Actor>;
};

type Call = Exclude<TRPCClientOutgoingMessage, { method: 'subscription.stop' }>;
type Id = string | number;

/** What a client has asked for: how answers to it begin, and its trace. */
type Asked = { beginning: string; trace: CallTrace };

/** What the request for a connection presented. The first message is a credential, which counts more, if `awaitsParams`. */
type Presented = { credential: string | undefined; address: string; awaitsParams: boolean };

/**
 * The server's end of a WebSocket, in the wire format of tRPC 11. The adapter of the library runs a generator and
 * encodes each item for each subscription; here all subscriptions send the same bytes.
 */
export class Connection {
  readonly #socket: WebSocket;
  readonly #options: ConnectionOptions;
  readonly #subscriptions = new Map<Id, Subscription>();
  readonly #address: string;
  #credential: string | undefined;
  /** As of the last call that was authenticated. */
  #actor: Actor | undefined;
  #awaitsParams: boolean;
  #firstMessage: NodeJS.Timeout | undefined;
  #lastMessageAt = Date.now();
  #pingedAt: number | undefined;
  #windowStart = 0;
  #messages = 0;

  constructor(socket: WebSocket, presented: Presented, options: ConnectionOptions) {
    const { credential, address, awaitsParams } = presented;
    this.#socket = socket;
    this.#address = address;
    this.#options = options;
    this.#credential = credential;
    this.#awaitsParams = awaitsParams;
    this.#firstMessage = setTimeout(
      () => socket.close(1008, 'No message received in time'),
      options.limits.firstMessageMilliseconds,
    );
    socket.on('message', (data) => this.#receive(data));
    socket.on('ping', () => this.#count(1));
    // The socket closes by itself. Without a listener, the process would end.
    socket.on('error', () => {});
    socket.once('close', () => this.#close());
  }

  /** Sends a ping to a client that is silent, and disconnects one that does not answer. */
  checkLife(now: number) {
    if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt > pongMilliseconds) this.#socket.terminate();
    } else if (now - this.#lastMessageAt > pingMilliseconds) {
      this.#pingedAt = now;
      this.send(ping);
    }
  }

  send(message: Buffer | string) {
    this.#socket.send(message, asText);
  }

  isFull(): boolean {
    return this.#options.slow.isFull(this.#socket, this.#resume);
  }

  explain(error: unknown, trace: CallTrace) {
    return toTrpcError(error, { logError: (unknown) => this.#options.logError(unknown, trace.context()) });
  }

  /** Sends an error; `beginning` names the call that it is about. */
  sendError(
    thrown: unknown,
    beginning: string,
    { method, params }: Partial<Call> = {},
    trace: SpanContext = newSpanContext(),
  ) {
    const error = getTRPCErrorFromUnknown(thrown);
    nameTrace(error, trace);
    const { path, input } = params ?? {};
    const shape = getTRPCErrorShape({
      config,
      error,
      type: method ?? 'unknown',
      path,
      input,
      ctx: undefined,
    });
    this.send(`${beginning}"error":${JSON.stringify(shape)}}`);
  }

  #resume = () => {
    for (const subscription of this.#subscriptions.values()) subscription.resume();
  };

  #close() {
    clearTimeout(this.#firstMessage);
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
  }

  /** Returns false, and closes the connection, if too many messages came. Each one of an array counts. */
  #count(messages: number): boolean {
    const now = Date.now();
    this.#lastMessageAt = now;
    this.#pingedAt = undefined;
    if (now - this.#windowStart >= windowMilliseconds) {
      this.#windowStart = now;
      this.#messages = 0;
    }
    this.#messages += messages;
    if (this.#messages <= this.#options.limits.messagesPerTenSeconds) return true;
    // Ignores messages that arrive before the close is complete.
    this.#socket.removeAllListeners('message');
    this.#socket.close(1008, 'Too many messages');
    return false;
  }

  #receive(data: RawData) {
    clearTimeout(this.#firstMessage);
    this.#firstMessage = undefined;
    // A server gets each message in one buffer.
    const text = (data as Buffer).toString();
    if (text === 'PING' || text === 'PONG' || this.#awaitsParams) {
      if (!this.#count(1)) return;
      if (text === 'PING') this.send(pong);
      else if (text !== 'PONG') this.#readParams(text);
      return;
    }
    const messages = this.#parse(text);
    if (!this.#count(Math.max(1, messages.length))) return;
    if (messages.length > maxBatchSize) return this.#refuseMessage();
    for (const message of messages) void this.#answer(message);
  }

  #readParams(text: string) {
    try {
      const { data } = JSON.parse(text) as { data?: unknown };
      const authorization = parseConnectionParamsFromUnknown(data)?.authorization;
      if (authorization) this.#credential = authorization;
      this.#awaitsParams = false;
    } catch (cause) {
      this.#refuseMessage(cause);
      this.#socket.removeAllListeners('message');
      this.#socket.close();
    }
  }

  #parse(text: string): TRPCClientOutgoingMessage[] {
    try {
      const parsed: unknown = JSON.parse(text);
      const messages: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
      return messages.map((message) => parseTRPCMessage(message, config.transformer));
    } catch (cause) {
      this.#refuseMessage(cause);
      return [];
    }
  }

  #refuseMessage(cause?: unknown) {
    this.sendError(new TRPCError({ code: 'PARSE_ERROR', cause }), '{"id":null,');
  }

  async #answer(message: TRPCClientOutgoingMessage) {
    const { id, jsonrpc } = message;
    const beginning = `{"id":${JSON.stringify(id)},${jsonrpc ? `"jsonrpc":"${jsonrpc}",` : ''}`;
    if (id === null) return this.sendError(new TRPCError({ code: 'PARSE_ERROR' }), beginning);
    if (message.method === 'subscription.stop') {
      this.#subscriptions.get(id)?.stop();
      return;
    }
    const trace = beginCall(message.params.path, this.#isRecorded(message));
    try {
      await trace.run(async () => {
        const operation = streams.get(message.params.path);
        if (message.method === 'subscription' && operation)
          await this.#subscribe({ id, beginning, trace }, operation, message);
        else await this.#call({ beginning, trace }, message);
      });
    } catch (error) {
      this.#report(error, message.params);
      this.sendError(error, beginning, message, trace.context());
    }
  }

  /** As requests over HTTP are: all but most anonymous reads. */
  #isRecorded({ method }: Call): boolean {
    return (
      method === 'mutation' || this.#credential !== undefined || Math.random() < this.#options.traceReads
    );
  }

  async #call({ beginning, trace }: Asked, { method, params: { path, input } }: Call) {
    const { services, logError } = this.#options;
    const data: unknown = await callTRPCProcedure({
      router: appRouter,
      path,
      getRawInput: async () => input,
      ctx: {
        services,
        logError: (error: unknown) => logError(error, trace.context()),
        actor: () => this.#authenticate(),
        origin: {
          address: this.#address,
          requestId: null,
          get traceparent() {
            return writeTraceparent(trace.context());
          },
        },
        follow: null,
      },
      type: method satisfies TRPCProcedureType,
      signal: undefined,
      batchIndex: 0,
    });
    this.send(`${beginning}"result":${JSON.stringify({ type: 'data', data })}}`);
  }

  async #authenticate() {
    this.#actor = await this.#options.authenticate(this.#socket, this.#credential);
    return this.#actor;
  }

  #report(thrown: unknown, { path, input }: Call['params']) {
    this.#options.reportRefusal(thrown instanceof TRPCError ? thrown.cause : thrown, {
      actor: this.#actor,
      address: this.#address,
      hasCredential: Boolean(this.#credential),
      operation: path,
      input,
    });
  }

  async #subscribe(
    { id, beginning, trace }: Asked & { id: Id },
    operation: StreamOperation,
    { params }: Call,
  ) {
    const { subscriptionsPerConnection } = this.#options.limits;
    if (this.#subscriptions.has(id))
      throw new TRPCError({ code: 'BAD_REQUEST', message: `Duplicate id ${id}` });
    const subscription = new Subscription(this, { beginning, trace }, () => {
      if (this.#subscriptions.get(id) === subscription) this.#subscriptions.delete(id);
    });
    try {
      if (this.#subscriptions.size >= subscriptionsPerConnection) {
        throw tooMany(
          `This connection has reached its limit of ${subscriptionsPerConnection} subscriptions. End some of them first.`,
        );
      }
      this.#subscriptions.set(id, subscription);
      const follower = { credential: this.#credential, actor: await this.#authenticate() };
      const { lastEventId } = params;
      const input = lastEventId === undefined ? params.input : { ...(params.input as object), lastEventId };
      subscription.begin(
        await this.#options.follow(operation, follower, input as Record<string, unknown>, subscription),
      );
    } catch (error) {
      // The client may have stopped it, and used its id again.
      if (!subscription.close()) return;
      throw this.explain(error, trace);
    }
  }
}

/** Sends the items of a stream to a client. */
class Subscription implements Receiver<unknown> {
  readonly #connection: Connection;
  readonly #beginning: string;
  readonly #trace: CallTrace;
  readonly #leave: () => void;
  #stream: OpenStream | undefined;
  #endCount: (() => void) | undefined;
  #isStarted = false;
  #isOver = false;

  constructor(connection: Connection, { beginning, trace }: Asked, leave: () => void) {
    this.#connection = connection;
    this.#beginning = beginning;
    this.#trace = trace;
    this.#leave = leave;
  }

  begin(stream: OpenStream) {
    this.#stream = stream;
    if (this.#isOver) return stream.close();
    this.#endCount = countStream('websocket');
    this.#start();
  }

  item(item: Tracked<unknown>) {
    if (this.#isOver) return;
    if (!this.#isStarted) this.#start();
    this.#connection.send(messageOf(item, this.#beginning));
  }

  isFull() {
    return this.#connection.isFull();
  }

  resume() {
    this.#stream?.resume();
  }

  end(error?: unknown) {
    if (this.#isOver) return;
    if (error === undefined) this.#start();
    else {
      const explained = this.#connection.explain(error, this.#trace);
      this.#connection.sendError(explained, this.#beginning, {}, this.#trace.context());
    }
    this.stop();
  }

  /** Ends it, and tells the client. */
  stop() {
    if (this.close()) this.#connection.send(`${this.#beginning}"result":{"type":"stopped"}}`);
  }

  /** Returns false if it was over already. */
  close(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#leave();
    this.#endCount?.();
    this.#stream?.close();
    return true;
  }

  #start() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#connection.send(`${this.#beginning}"result":{"type":"started"}}`);
  }
}
