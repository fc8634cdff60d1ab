import { Agent, type IncomingMessage, request } from 'node:http';
import { type Socket, connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Body } from './bodies.ts';
import type { Credential } from './credentials.ts';
import { type Flood, type Tally, type Target, repeat } from './target.ts';

const host = '127.0.0.1';
/** How long an answer is waited for. A process that stands still answers after that time, or not at all. */
const answerSeconds = 30;
export const slowConnections = 300;
const slowPauseMilliseconds = 500;

/** Requests without a body, over connections that are kept. */
export const gets =
  (path: string, credential: Credential): Flood =>
  async (target, tally) => {
    const agent = new Agent({ keepAlive: true });
    await repeat(target, async (at) => {
      const headers = headersOf(credential(target, at));
      tally.add(await get(target, { path, headers, agent }));
    });
    agent.destroy();
  };

/** Resolves to the status of one request. */
export const getOnce = (target: Target, path: string, authorization: string | undefined) =>
  get(target, { path, headers: headersOf(authorization), agent: new Agent() });

/** Resolves to the status, or to `closed`. */
function get({ port, address }: Target, options: { path: string; headers: Headers; agent: Agent }) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const sent = request({ host, port, localAddress: address, timeout: answerSeconds * 1000, ...options });
  sent.once('response', (response: IncomingMessage) => {
    response.once('close', () => resolve(String(response.statusCode))).resume();
  });
  sent.once('timeout', () => sent.destroy());
  sent.once('error', () => resolve('closed'));
  sent.end();
  return promise;
}

type Post = { path: string; credential: Credential; body: Body; isChunked?: boolean };

/** Requests with a large body, each over a connection of its own. What is left of a body is sent after the answer, too. */
export const posts =
  ({ path, credential, body, isChunked = false }: Post): Flood =>
  async (target, tally) => {
    const parts = body.parts();
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const length: Headers = isChunked
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(bytes) };
    const sent = isChunked ? chunksOf(parts) : parts;
    await repeat(target, async (at) => {
      const headers = { ...headersOf(credential(target, at)), 'content-type': body.type, ...length };
      tally.add(await post(target, [headOf(path, headers), ...sent], tally));
    });
  };

/** Resolves to the status, or to `closed` where the connection was closed without one. */
function post(target: Target, parts: Buffer[], tally: Tally): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = open(target);
  const answer = answerOf(socket);
  let isSent = false;
  function endWhenDone() {
    if (isSent && answer.status) socket.destroy();
  }
  socket.on('data', endWhenDone);
  socket.setTimeout(answerSeconds * 1000, () => socket.destroy());
  socket.once('close', () => {
    tally.bodyBytes += socket.bytesWritten;
    resolve(answer.status ?? 'closed');
  });
  const source = Readable.from(parts);
  source.once('end', () => {
    isSent = true;
    endWhenDone();
  });
  source.pipe(socket, { end: false });
  return promise;
}

/** As many requests at the same time whose bodies come byte by byte. `waiting` counts those that nobody refused. */
export const slowPosts =
  (path: string, credential: Credential): Flood =>
  async (target, tally) => {
    const headers = { 'content-type': 'application/json', 'content-length': '60000' };
    const senders = Array.from({ length: slowConnections }, (_, at) => {
      const socket = open(target);
      const answer = answerOf(socket);
      socket.write(headOf(path, { ...headersOf(credential(target, at)), ...headers }));
      const timer = setInterval(() => socket.writable && socket.write(' '), slowPauseMilliseconds);
      socket.once('close', () => clearInterval(timer));
      return { socket, answer };
    });
    await wait(target.seconds * 1000);
    for (const { socket, answer } of senders) {
      tally.add(answer.status ?? (socket.destroyed ? 'closed' : 'waiting'));
      socket.destroy();
    }
  };

function open({ port, address }: Target): Socket {
  const socket = connect({ host, port, localAddress: address });
  // A connection that is closed while a body is sent has an error. Its answer counts.
  return socket.on('error', () => {});
}

/** Reads the status of the answer, once it is there. */
function answerOf(socket: Socket): { status: string | undefined } {
  const answer: { status: string | undefined } = { status: undefined };
  socket.on('data', (data) => {
    answer.status ??= /^HTTP\/1\.1 ([2-5]\d\d)/.exec(data.toString('latin1'))?.[1];
  });
  return answer;
}

type Headers = Record<string, string>;

export const headersOf = (authorization: string | undefined): Headers =>
  authorization === undefined ? {} : { authorization };

function headOf(path: string, headers: Headers): Buffer {
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

const chunksOf = (parts: Buffer[]) => [
  ...parts.map((part) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
  ),
  Buffer.from('0\r\n\r\n'),
];
