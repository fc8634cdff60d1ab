import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type ServerOptions, buildServer } from './server.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
});

const lines: string[] = [];

/** The server without a database, a bucket or a queue. */
async function bareServer(
  authenticate: ServerOptions['authenticate'] = async () => anonymous,
  options: Pick<ServerOptions, 'loadLimits'> = {},
) {
  const server = await buildServer({
    services: { published: { onChange() {} } } as unknown as Services,
    authenticate,
    dependencies: {},
    log: pino({ level: 'info' }, { write: (line) => void lines.push(line) }),
    ...options,
  });
  cleanUp.push(() => server.close());
  const get = (url: string, headers: Record<string, string> = { authorization: 'Bearer x' }) =>
    server.inject({ url, headers });
  return { server, get };
}

/** A server with 501 running requests, which finish after `release`. */
async function fullServer() {
  const gate = Promise.withResolvers<typeof anonymous>();
  const made = await bareServer(() => gate.promise);
  const waiting = Array.from({ length: 501 }, () => made.get('/api/v1/jobs'));
  const isFull = async () => expect((await made.get('/api/openapi.json')).statusCode).toBe(503);
  await eventually(isFull);
  const release = async () => {
    gate.resolve(anonymous);
    return Promise.all(waiting);
  };
  cleanUp.unshift(release);
  return { ...made, release };
}

/** Blocks the event loop repeatedly for this long. */
function keepBusy(milliseconds: number) {
  const timer = setInterval(() => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  }, 0);
  cleanUp.unshift(() => clearInterval(timer));
}

const unavailable = { code: 'unavailable', status: 503 };

test('a process with too many requests refuses more with Retry-After, and answers those that it accepted', async () => {
  const { get, release } = await fullServer();
  const refused = await get('/api/v1/jobs');
  expect(refused.json()).toMatchObject(unavailable);
  expect(refused.headers['retry-after']).toBe('5');
  for (const { statusCode } of await release()) expect(statusCode).toBe(401);
  expect((await get('/api/v1/jobs')).statusCode).toBe(401);
});

test('typed clients are refused in the format of tRPC', async () => {
  const { get } = await fullServer();
  const refused = await get('/trpc/portfolio.list');
  expect(refused.json()).toMatchObject({ error: { data: { problem: unavailable } } });
  expect(refused.headers['retry-after']).toBe('5');
});

test('published reads are still served where others are refused', async () => {
  const { get } = await fullServer();
  expect((await get('/api/openapi.json')).statusCode).toBe(503);
  expect((await get('/api/openapi.json', {})).statusCode).toBe(200);
});

test('a saturated process is alive and not ready', async () => {
  const { get, release } = await fullServer();
  expect((await get('/healthz')).statusCode).toBe(200);
  const notReady = await get('/readyz');
  expect(notReady.statusCode).toBe(503);
  expect(notReady.json()).toMatchObject({ status: 'not ready', load: 'saturated' });
  await release();
  expect((await get('/readyz')).json()).toMatchObject({ status: 'ready', load: 'ok' });
});

test('open streams do not count as running requests', async () => {
  const { server, get } = await bareServer();
  const streams: PassThrough[] = [];
  server.get('/stream', (_request, reply) => {
    const stream = new PassThrough();
    stream.write('begun\n');
    streams.push(stream);
    return reply.send(stream);
  });
  const waiting = Array.from({ length: 501 }, () => get('/stream'));
  await eventually(() => expect(streams).toHaveLength(501));
  await setImmediate();
  expect((await get('/api/v1/jobs')).statusCode).toBe(401);
  for (const stream of streams) stream.end();
  await Promise.all(waiting);
});

test('a delayed event loop refuses requests, and a longer delay published reads too, until it recovers', async () => {
  // A quarter of the limits in production.
  const { get } = await bareServer(undefined, {
    loadLimits: {
      windowMilliseconds: 250,
      delayMilliseconds: 60,
      delayOfPublishedMilliseconds: 250,
      running: 500,
    },
  });
  keepBusy(100);
  await eventually(async () => expect((await get('/api/v1/jobs')).statusCode).toBe(503));
  expect((await get('/api/openapi.json', {})).statusCode).toBe(200);
  keepBusy(330);
  await eventually(async () => expect((await get('/api/openapi.json', {})).statusCode).toBe(503));
  expect((await get('/healthz')).statusCode).toBe(200);
  for (const undo of cleanUp.splice(0, 2)) await undo();
  await eventually(async () => expect((await get('/api/v1/jobs')).statusCode).toBe(401));
});

test('the start and the end of saturation are logged once each, not once per request', async () => {
  lines.length = 0;
  const { get, release } = await fullServer();
  for (let times = 0; times < 5; times += 1) await get('/api/v1/jobs');
  await release();
  await get('/api/v1/jobs');
  const messages = lines
    .map((line) => (JSON.parse(line) as { msg: string }).msg)
    .filter((msg) => msg !== 'request');
  expect(messages).toEqual(['saturated; refusing requests', 'no longer saturated']);
});
