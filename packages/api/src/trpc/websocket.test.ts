import { AppError } from '@portfolio/core/errors';
import { createRateCounter } from '@portfolio/core/runtime/rate-limit';
import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { WebSocket } from 'ws';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { simulateWorker } from '../../../../tests/support/simulate-worker.ts';
import { silentLog, user } from '../../../../tests/support/services.ts';
import { createAuthenticate } from '../authenticate.ts';
import { type Outputs, createClient } from '../client.ts';
import { type Follow, createFollow } from '../follow.ts';
import { Authenticator, type RateLimits } from '../authenticator.ts';
import { type ConnectionLimits, Connections } from './connection-limits.ts';
import { attachWebSockets } from './websocket.ts';

const publicOrigin = 'https://portfolio.example';
const study = { portfolio: 'team', slug: 'faster' };

let api: TestApi;
let address: string;
let apiKey: string;
beforeAll(async () => {
  api = await testApi({ publicOrigin });
  address = api.baseUrl.replace('http', 'ws');
  apiKey = await api.issueKey('owner');
  const json = (body: object) => ({ key: apiKey, json: body });
  await api.call('POST', '/api/v1/portfolios', json({ slug: study.portfolio, name: 'Team' }));
  await api.call('POST', '/api/v1/portfolios/team/case-studies', json({ slug: study.slug, title: 'Faster' }));
});
afterAll(() => api.stop());

/** The status of an upgrade; 101 for a successful one, after which the socket is closed. */
async function statusOfUpgrade(url: string, origin?: string): Promise<number | undefined> {
  const socket = new WebSocket(url, origin === undefined ? {} : { origin });
  const refused = once(socket, 'unexpected-response').then(([, response]) => {
    (response as IncomingMessage).destroy();
    return (response as IncomingMessage).statusCode;
  });
  const opened = once(socket, 'open').then(() => {
    socket.close();
    return 101;
  });
  return Promise.any([refused, opened]);
}

async function openSocket(connectionParams?: Record<string, string>): Promise<WebSocket> {
  const socket = new WebSocket(`${address}/trpc${connectionParams ? '?connectionParams=1' : ''}`);
  await once(socket, 'open');
  if (connectionParams) socket.send(JSON.stringify({ method: 'connectionParams', data: connectionParams }));
  return socket;
}

type Answer = { id: number | null; result?: { type: string }; error?: { message: string; data: ErrorData } };
type ErrorData = { problem: { code: string; detail: string }; stack?: string };

async function ask(socket: WebSocket, message: string | object): Promise<Answer> {
  socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  const [answer] = await once(socket, 'message');
  return JSON.parse(String(answer)) as Answer;
}

async function closeCode(socket: WebSocket): Promise<unknown> {
  const [code] = await once(socket, 'close');
  return code;
}

/** A server with WebSockets only, and no public origin. */
async function bareServer(
  limits: Partial<ConnectionLimits> = {},
  rateLimits?: RateLimits,
  replaced: { follow?: Follow; authenticator?: Authenticator; connections?: Connections } = {},
) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { services } = api;
  const authenticate = createAuthenticate(services.db);
  const log = silentLog;
  const sockets = attachWebSockets(server, {
    services,
    authenticator: new Authenticator(authenticate, rateLimits),
    follow: createFollow(services, authenticate, () => {}),
    log,
    publicOrigin: undefined,
    trustedProxyHops: 0,
    limits,
    ...replaced,
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    async stop() {
      await sockets.close();
      server.close();
    },
  };
}

type Item = Outputs['job']['events'] extends AsyncIterable<infer I> ? I : never;

/** Subscribes with the typed client. `seen` grows with each item, and `done` resolves at the end of the stream. */
function watch(id: string) {
  const seen: string[] = [];
  const client = createClient({ baseUrl: api.baseUrl, apiKey });
  const onData = ({ data }: Item) =>
    seen.push(data.type === 'snapshot' ? `snapshot ${data.job.lastSeq}` : `event ${data.event.seq}`);
  const done = new Promise<void>((resolve, reject) => {
    client.job.events.subscribe({ id }, { onData, onComplete: resolve, onError: reject });
  });
  return { seen, done };
}

async function acceptJob(): Promise<string> {
  const response = await api.call('POST', '/api/v1/portfolios/team/case-studies/faster/exports', {
    key: apiKey,
  });
  return ((await response.json()) as Outputs['job']['read']).id;
}

describe('an upgrade', () => {
  test('is refused to pages of any origin but the public one', async () => {
    expect(await statusOfUpgrade(`${address}/trpc`, 'https://evil.example')).toBe(403);
    expect(await statusOfUpgrade(`${address}/trpc`, address.replace('ws', 'http'))).toBe(403);
    expect(await statusOfUpgrade(`${address}/trpc`, 'null')).toBe(403);
    expect(await statusOfUpgrade(`${address}/trpc`, publicOrigin)).toBe(101);
  });

  test('is allowed to programs, which send no origin', async () => {
    expect(await statusOfUpgrade(`${address}/trpc`)).toBe(101);
  });

  test('is refused at any other path', async () => {
    expect(await statusOfUpgrade(`${address}/`)).toBe(404);
    expect(await statusOfUpgrade(`${address}/trpc/job.list`)).toBe(404);
  });

  test.each(['GET // HTTP/1.1\r\nHost: here', 'GET /trpc HTTP/1.1\r\nHost: ['])(
    'that is malformed (%j) is refused, and the server keeps running',
    async (start) => {
      const socket = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
      socket.write(`${start}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
      expect((await api.call('GET', '/healthz')).status).toBe(200);
    },
  );
});

describe('without a public origin', () => {
  test('a page may connect to the host that served it, and to no other', async () => {
    const { host, stop } = await bareServer();
    expect(await statusOfUpgrade(`ws://${host}/trpc`, `http://${host}`)).toBe(101);
    expect(await statusOfUpgrade(`ws://${host}/trpc`, 'http://evil.example')).toBe(403);
    expect(await statusOfUpgrade(`ws://${host}/trpc`, 'null')).toBe(403);
    await stop();
  });

  test('a connection without a message in time is closed', async () => {
    const { host, stop } = await bareServer({ firstMessageMilliseconds: 20 });
    expect(await closeCode(new WebSocket(`ws://${host}/trpc`))).toBe(1008);
    await stop();
  });
});

describe('a connection', () => {
  test('with an invalid key stays open, and each of its calls is refused', async () => {
    const socket = await openSocket({ authorization: 'Bearer pk_unknown' });
    for (const id of [1, 2]) {
      const answer = await ask(socket, { id, method: 'query', params: { path: 'job.list', input: {} } });
      expect(answer).toMatchObject({ id, error: { data: { problem: { code: 'unauthenticated' } } } });
    }
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  test('that sends too large a message is closed', async () => {
    const socket = await openSocket();
    socket.send('x'.repeat(65 * 1024));
    expect(await closeCode(socket)).toBe(1009);
  });

  test('that sends a message in very many fragments is closed', async () => {
    const socket = await openSocket();
    const fragments = (count: number) => {
      for (let at = 0; at < count; at++) socket.send(' ', { fin: false });
    };
    fragments(100);
    expect(await ask(socket, list(1))).toMatchObject({ id: 1, result: {} });
    fragments(1000);
    expect(await closeCode(socket)).toBe(1008);
  });

  test.each([
    ['an unknown procedure', { id: 1, method: 'query', params: { path: 'no.such' } }, 'not_found'],
    ['text that is not JSON', '{"id":1,', 'malformed_request'],
    ['JSON that is not a message', '[7]', 'malformed_request'],
    [
      'input that is not valid',
      { id: 1, method: 'query', params: { path: 'job.list', input: { limit: 'x' } } },
      'invalid_input',
    ],
  ])('gets a problem for %s, without internals', async (_, message, code) => {
    const socket = await openSocket({ authorization: `Bearer ${apiKey}` });
    const { error } = await ask(socket, message);
    expect(error?.data.problem).toMatchObject({ code, type: `/api/problems/${code}` });
    expect(error?.message).toBe(error?.data.problem.detail);
    // Texts of tRPC and V8 do not end with a full stop. Details of fields are tested with the operations.
    expect(error?.message).toMatch(code === 'invalid_input' ? /\S/ : /\.$/);
    expect(error?.data).not.toHaveProperty('stack');
    socket.terminate();
  });
});

const list = (id: number) =>
  JSON.stringify({ id, method: 'query', params: { path: 'portfolio.list', input: {} } });

/** A socket to a bare server, authenticated where a key is given. */
async function connectTo(host: string, key?: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${host}/trpc${key === undefined ? '' : '?connectionParams=1'}`);
  await once(socket, 'open');
  if (key !== undefined) {
    socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: `Bearer ${key}` } }));
  }
  return socket;
}

describe('a connection beyond a limit', () => {
  test('is closed when it sends too many messages', async () => {
    const { host, stop } = await bareServer({ messagesPerTenSeconds: 5 });
    const [quiet, loud] = [await connectTo(host), await connectTo(host)];
    for (let id = 1; id <= 50; id++) loud.send(list(id));
    expect(await closeCode(loud)).toBe(1008);
    expect(await ask(quiet, list(1))).toMatchObject({ id: 1, result: {} });
    quiet.terminate();
    await stop();
  });

  test('is refused when its address has too many connections, until one closes', async () => {
    const { host, stop } = await bareServer({ connectionsPerAddress: 2 });
    const [first, second] = [await connectTo(host), await connectTo(host)];
    expect(await statusOfUpgrade(`ws://${host}/trpc`)).toBe(429);
    first.close();
    await eventually(async () => expect(await statusOfUpgrade(`ws://${host}/trpc`)).toBe(101));
    second.terminate();
    await stop();
  });

  test('is closed when its credential has too many connections, and others stay open', async () => {
    const { host, stop } = await bareServer({ connectionsPerActor: 1 });
    const first = await connectTo(host, apiKey);
    expect(await ask(first, list(1))).toMatchObject({ result: {} });
    const second = await connectTo(host, await api.issueKey('owner'));
    const closed = closeCode(second);
    second.send(list(1));
    expect(await closed).toBe(1008);
    const other = await connectTo(host, await api.issueKey('non-member'));
    expect(await ask(other, list(1))).toMatchObject({ result: {} });
    expect(await ask(first, list(2))).toMatchObject({ result: {} });
    first.terminate();
    other.terminate();
    await stop();
  });

  test('is not counted where it closes while its credential is looked up', async () => {
    const called = Promise.withResolvers<void>();
    const lookedUp = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const connections = new Connections();
    vi.spyOn(connections, 'addAddress').mockImplementation((_, connection) => {
      connection.once('close', closed.resolve);
      return true;
    });
    const addActor = vi.spyOn(connections, 'addActor');
    const authenticator = new Authenticator(async () => {
      called.resolve();
      await lookedUp.promise;
      return user('leaves');
    });
    const admit = vi.spyOn(authenticator, 'admit');
    const server = await bareServer({}, undefined, { authenticator, connections });
    const socket = new WebSocket(`ws://${server.host}/trpc?connectionParams=1`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: 'Bearer x' } }));
    socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'job.list' } }));
    await called.promise;
    socket.terminate();
    await closed.promise;
    lookedUp.resolve();
    await admit.mock.results[0]!.value;
    await setImmediate();
    expect(addActor).not.toHaveBeenCalled();
    await server.stop();
  });

  test('is refused more subscriptions than the limit, until one ends', async () => {
    const { host, stop } = await bareServer({ subscriptionsPerConnection: 2 });
    const socket = await connectTo(host, apiKey);
    const answers: Answer[] = [];
    socket.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString()) as Answer));
    const subscribe = (id: number) =>
      socket.send(JSON.stringify({ id, method: 'subscription', params: { path: 'job.changes', input: {} } }));
    const errorOf = (id: number) => answers.find((answer) => answer.id === id && answer.error)?.error;
    const itemOf = (id: number) =>
      answers.find((answer) => answer.id === id && answer.result?.type === 'data');
    const endOf = (id: number) =>
      answers.find((answer) => answer.id === id && answer.result?.type === 'stopped');
    await acceptJob();

    [1, 2, 3].forEach(subscribe);
    await eventually(() => expect(errorOf(3)?.data.problem.code).toBe('too_many_requests'));
    await eventually(() => expect([itemOf(1), itemOf(2)]).not.toContain(undefined));
    socket.send(JSON.stringify({ id: 1, method: 'subscription.stop' }));
    await eventually(() => expect(endOf(1)).toBeDefined());
    subscribe(4);
    await eventually(() => expect(itemOf(4)).toBeDefined());
    socket.terminate();
    await stop();
  });

  test('cannot evade the limit by subscriptions that it stops before they have failed', async () => {
    const opened: string[] = [];
    const follow: Follow = async (_operation, _follower, { id }) => {
      opened.push(String(id));
      if (id === 'fails') throw new AppError('not_found', 'There is none.');
      return { resume() {}, close() {} };
    };
    const { host, stop } = await bareServer({ subscriptionsPerConnection: 2 }, undefined, { follow });
    const socket = await connectTo(host, apiKey);
    const messages = messagesOf(socket);
    const [fails, works] = [subscribeTo(1, { id: 'fails' }), subscribeTo(1, { id: 'works' })];
    socket.send(JSON.stringify([fails, { id: 1, method: 'subscription.stop' }, works]));
    await eventually(() => expect(opened).toHaveLength(2));
    socket.send(JSON.stringify([subscribeTo(1, {}), subscribeTo(2, {}), subscribeTo(3, {})]));
    await eventually(() =>
      expect(messages).toMatchObject([
        { id: 1, result: { type: 'stopped' } },
        { id: 1, result: { type: 'started' } },
        { id: 1, error: { data: { code: 'BAD_REQUEST' } } },
        { id: 3, error: { data: { problem: { code: 'too_many_requests' } } } },
        { id: 2, result: { type: 'started' } },
      ]),
    );
    socket.terminate();
    await stop();
  });

  test('for its credential makes none of its calls', async () => {
    const opened: string[] = [];
    const follow: Follow = async (operation) => {
      opened.push(operation.name);
      return { resume() {}, close() {} };
    };
    const { host, stop } = await bareServer({ connectionsPerActor: 0 }, undefined, { follow });
    const socket = await connectTo(host, apiKey);
    const closed = closeCode(socket);
    socket.send(JSON.stringify([1, 2, 3].map((id) => subscribeTo(id, {}))));
    expect(await closed).toBe(1008);
    await stop();
    expect(opened).toEqual([]);
  });

  test('that does not complete its close is destroyed soon', async () => {
    const { host, stop } = await bareServer({ firstMessageMilliseconds: 1, closeMilliseconds: 20 });
    const socket = connect(Number(new URL(`http://${host}`).port), '127.0.0.1');
    const began = Date.now();
    const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
    const lines = [...upgrade, `Sec-WebSocket-Key: ${'A'.repeat(22)}==`, 'Host: here'];
    socket.write(`GET /trpc HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    socket.resume();
    await once(socket, 'close');
    expect(Date.now() - began).toBeLessThan(5000);
    await stop();
  });

  test('is closed when it does not read the items of its subscription', async () => {
    // Nothing may be buffered, so the first item exceeds the limit.
    const { host, stop } = await bareServer({ bufferedBytes: -1, stuckMilliseconds: 0 });
    const socket = await connectTo(host, apiKey);
    await acceptJob();
    const closed = closeCode(socket);
    socket.send(
      JSON.stringify({ id: 1, method: 'subscription', params: { path: 'job.changes', input: {} } }),
    );
    expect(await closed).toBe(1013);
    await stop();
  });

  test('is refused calls beyond the rate limit, which it shares with HTTP', async () => {
    const counter = createRateCounter(api.db, silentLog, () => Date.UTC(2026, 0, 1));
    const { host, stop } = await bareServer(
      {},
      { counter, perMinute: 2, portfolioPerMinute: 2, anonymousPerMinute: 1 },
    );
    const owner = await connectTo(host, apiKey);
    expect(await ask(owner, list(1))).toMatchObject({ result: {} });
    expect(await ask(owner, list(2))).toMatchObject({ result: {} });
    const tooMany = { error: { data: { problem: { code: 'too_many_requests', status: 429 } } } };
    expect(await ask(owner, list(3))).toMatchObject(tooMany);
    expect(counter.take('user owner', 1, 2).allowed).toBe(false);
    const anonymous = await connectTo(host);
    expect(await ask(anonymous, list(1))).toMatchObject({ result: {} });
    expect(await ask(anonymous, list(2))).toMatchObject(tooMany);
    owner.terminate();
    anonymous.terminate();
    await counter.close();
    await stop();
  });
});

/** The messages that a socket receives, as they arrive. */
function messagesOf(socket: WebSocket) {
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data: Buffer) =>
    messages.push(JSON.parse(data.toString()) as Record<string, unknown>),
  );
  return messages;
}
const subscribeTo = (id: number | string, input: object, more: object = {}) => ({
  ...more,
  id,
  method: 'subscription',
  params: { path: 'job.events', input },
});

describe('the wire format of tRPC', () => {
  test('begins a subscription, tracks its items and ends it, under the id of the request', async () => {
    const socket = await openSocket({ authorization: `Bearer ${apiKey}` });
    const messages = messagesOf(socket);
    const id = await acceptJob();
    socket.send(JSON.stringify(subscribeTo('a"b', { id }, { jsonrpc: '2.0' })));
    await eventually(() => expect(messages).toHaveLength(2));
    const job = await api.call('GET', `/api/v1/jobs/${id}`, { key: apiKey }).then((answer) => answer.json());
    const about = { id: 'a"b', jsonrpc: '2.0' };
    const data = { id: '1', data: { type: 'snapshot', job } };
    expect(messages).toEqual([
      { ...about, result: { type: 'started' } },
      { ...about, result: { type: 'data', id: '1', data } },
    ]);
    socket.send(JSON.stringify({ id: 'a"b', method: 'subscription.stop' }));
    await eventually(() => expect(messages.at(-1)).toEqual({ ...about, result: { type: 'stopped' } }));
    socket.terminate();
  });

  test('resumes after `lastEventId`, and ends with the job', async () => {
    const id = await acceptJob();
    await (await simulateWorker(api, id)).succeed();
    const socket = await openSocket({ authorization: `Bearer ${apiKey}` });
    const messages = messagesOf(socket);
    const { params, ...rest } = subscribeTo(1, { id });
    socket.send(JSON.stringify({ ...rest, params: { ...params, lastEventId: '2' } }));
    await eventually(() => expect(messages).toHaveLength(3));
    expect(messages).toMatchObject([
      { id: 1, result: { type: 'started' } },
      { id: 1, result: { type: 'data', id: '3', data: { id: '3', data: { type: 'event' } } } },
      { id: 1, result: { type: 'stopped' } },
    ]);
    socket.terminate();
  });

  test('takes several calls in a message, and refuses an id that is in use', async () => {
    const socket = await openSocket({ authorization: `Bearer ${apiKey}` });
    const messages = messagesOf(socket);
    const id = await acceptJob();
    socket.send(JSON.stringify([subscribeTo(1, { id }), subscribeTo(1, { id }), JSON.parse(list(2))]));
    await eventually(() => expect(messages).toHaveLength(4));
    expect(messages.filter((message) => message.error)).toMatchObject([
      { id: 1, error: { data: { code: 'BAD_REQUEST', path: 'job.events' } } },
    ]);
    expect(messages.find((message) => message.id === 2)).toMatchObject({ result: { type: 'data' } });
    socket.terminate();
  });

  test('answers pings, and refuses parameters that are no texts', async () => {
    const socket = await openSocket();
    const answered = once(socket, 'message');
    socket.send('PING');
    expect(String((await answered)[0])).toBe('PONG');
    socket.terminate();
    const other = await openSocket({ authorization: 7 } as unknown as Record<string, string>);
    const [[answer], [code]] = await Promise.all([once(other, 'message'), once(other, 'close')]);
    expect(JSON.parse(String(answer))).toMatchObject({
      id: null,
      error: { data: { problem: { status: 400 } } },
    });
    expect(code).toBe(1005);
  });
});

describe('a subscription to a job', () => {
  test('begins with a snapshot and sends each event until the job ends', async () => {
    const id = await acceptJob();
    const { seen, done } = watch(id);
    await eventually(() => expect(seen).toEqual(['snapshot 1']));
    const worker = await simulateWorker(api, id);
    await worker.progress(0.5);
    await worker.succeed();
    await done;
    expect(seen).toEqual(['snapshot 1', 'event 2', 'event 3', 'event 4']);
  });

  test('resumes without gap or repetition after its connection was lost', async () => {
    const connections = new Set<Socket>();
    api.server.server.on('connection', (socket) => connections.add(socket));
    const id = await acceptJob();
    const { seen, done } = watch(id);
    const worker = await simulateWorker(api, id);
    await worker.progress(0.1);
    await eventually(() => expect(seen.at(-1)).toMatch(/ 3$/));

    for (const socket of connections) socket.destroy();
    await worker.progress(0.2);
    await worker.progress(0.3);
    await worker.succeed();
    await done;
    const numbers = seen.map((item) => Number(item.split(' ')[1]));
    expect(numbers).toEqual(Array.from(numbers, (_, at) => numbers[0]! + at));
    expect(seen.filter((item) => item.startsWith('snapshot'))).toHaveLength(1);
    expect(seen.at(-1)).toBe('event 6');
  });

  test('of a non-member gives not_found', async () => {
    const id = await acceptJob();
    const client = createClient({ baseUrl: api.baseUrl, apiKey: await api.issueKey('non-member') });
    const error = await new Promise((resolve, reject) => {
      client.job.events.subscribe({ id }, { onError: resolve, onComplete: () => reject(new Error('ended')) });
    });
    expect(error).toMatchObject({ data: { problem: { code: 'not_found' } } });
  });
});
