import { allOperations, operations } from '@portfolio/core';
import { scopeSchema } from '@portfolio/core/actor';
import { smallInputBytes } from '@portfolio/core/operation';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { user } from '../../../tests/support/services.ts';
import { Connections } from './trpc/connection-limits.ts';

const nested = '['.repeat(3_900_000) + ']'.repeat(3_900_000);
const studies = '/api/v1/portfolios/hidden/case-studies';

let api: TestApi;
let owner: string;
let nonMember: string;
let reader: string;
beforeAll(async () => {
  api = await testApi();
  await operations.portfolio.create.run(api.as(user('owner')), { slug: 'hidden', name: 'Hidden' });
  owner = await api.issueKey('owner');
  nonMember = await api.issueKey('non-member');
  reader = await api.issueKey('owner', ['case-study:read']);
});
afterAll(() => api.stop());

/** Sends the head of a request, and nothing of its body. Resolves to the head of the answer. */
async function answerTo(head: string, headers: Record<string, string>): Promise<string> {
  const socket = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
  const lines = Object.entries({ host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`${head} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  let text = '';
  while (!text.includes('\r\n\r\n')) text += String((await once(socket, 'data'))[0]);
  socket.destroy();
  return text.slice(0, text.indexOf('\r\n\r\n'));
}

const json = { 'content-type': 'application/json', 'content-length': String(nested.length) };
const multipart = { ...json, 'content-type': 'multipart/form-data; boundary=x' };
const by = (key: string) => ({ authorization: `Bearer ${key}` });
/** A batch of calls with the longest sum of sizes. */
const batch = (calls: number) => `/trpc/${Array(calls).fill('caseStudy.create').join(',')}?batch=1`;

describe('a body is not read', () => {
  test.each([
    ['of an anonymous caller', '/api/v1/portfolios', () => json, 401],
    ['of an anonymous caller of tRPC', '/trpc/portfolio.create', () => json, 401],
    ['of a batch of an anonymous caller', batch(2), () => json, 401],
    ['with an unknown key', '/api/v1/portfolios', () => ({ ...json, ...by('pk_unknown') }), 401],
    ['with an unknown key of tRPC', '/trpc/portfolio.create', () => ({ ...json, ...by('pk_unknown') }), 401],
    ['with a key without the scope', studies, () => ({ ...json, ...by(reader) }), 403],
    [
      'with a key without the scope of tRPC',
      '/trpc/caseStudy.create',
      () => ({ ...json, ...by(reader) }),
      403,
    ],
    ['of who is no member, where it may be large', studies, () => ({ ...json, ...by(nonMember) }), 404],
    ['for an unknown procedure', '/trpc/no.such', () => ({ ...json, ...by(owner) }), 404],
    ['for a query', '/trpc/job.list', () => ({ ...json, ...by(owner) }), 405],
    ['of more than 100 calls', batch(101), () => ({ ...json, ...by(owner) }), 400],
    ['that is a form', '/trpc/portfolio.create', () => ({ ...multipart, ...by(owner) }), 415],
    ['that is a form of an anonymous caller', '/trpc/portfolio.create', () => multipart, 401],
    ['larger than the input of its operation', '/api/v1/portfolios', () => ({ ...json, ...by(owner) }), 413],
    [
      'larger than the input of its procedure',
      '/trpc/portfolio.create',
      () => ({ ...json, ...by(owner) }),
      413,
    ],
  ] as const)('%s', async (_, path, headers, status) => {
    const answer = await answerTo(`POST ${path}`, headers());
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test.each(['/api/v1/portfolios', '/trpc/portfolio.create'])(
    'of OPTIONS, whose connection ends (%s)',
    async (path) => {
      const answer = await answerTo(`OPTIONS ${path}`, { 'transfer-encoding': 'chunked' });
      expect(answer).toMatch(/^HTTP\/1.1 204 /);
      expect(answer).toMatch(/connection: close/i);
    },
  );

  test('and ends the connection where it is larger than any input', async () => {
    const length = { 'content-length': String(9 * 1024 * 1024) };
    expect(await answerTo('POST /api/v1/portfolios', { ...json, ...length })).toMatch(/connection: close/i);
  });

  test('by the API, and a client that sends all of it gets the answer', async () => {
    const response = await api.call('POST', '/api/v1/portfolios', { body: nested, headers: json });
    expect(response.status).toBe(401);
  });

  test.each([
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'text/plain',
    'application/jsonx',
  ])('as %s by tRPC', async (type) => {
    const answer = await answerTo('POST /trpc/portfolio.create', {
      ...json,
      ...by(owner),
      'content-type': type,
    });
    expect(answer).toMatch(/^HTTP\/1.1 415 /);
  });
});

test.each([
  ['/trpc/portfolio.create', 'tRPC'],
  ['/api/v1/portfolios', 'REST'],
])('a key that ends before the body has arrived changes nothing (%s)', async (path) => {
  const ctx = api.as(user('owner'));
  const { id, secret } = await operations.ownKey.create.run(ctx, {
    name: 'Leaked',
    scopes: scopeSchema.options,
  });
  const body = JSON.stringify({ slug: `held-${path.length}`, name: 'Held' });
  const socket = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
  const head = {
    host: 'a',
    ...by(secret),
    'content-type': 'application/json',
    'content-length': body.length,
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  await eventually(async () => {
    const { lastUsedAt } = await operations.ownKey.read.run(ctx, { id });
    expect(Date.now() - Date.parse(lastUsedAt!)).toBeGreaterThan(250);
  });
  await operations.ownKey.revoke.run(ctx, { id });
  socket.write(body);
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 401 /);
  socket.destroy();
});

test.each([
  ['/trpc/portfolio.create', 'tRPC'],
  ['/api/v1/portfolios', 'REST'],
])('a body of unknown length is read up to the limit, and then the connection ends (%s)', async (path) => {
  const socket = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
  const ended = new Promise((resolve) => socket.once('close', resolve));
  let answer = '';
  socket.on('error', () => {}).on('data', (data) => (answer += String(data)));
  const head = {
    host: 'a',
    ...by(owner),
    'content-type': 'application/json',
    'transfer-encoding': 'chunked',
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  socket.write(`${(64 * 1024).toString(16)}\r\n${' '.repeat(64 * 1024)}\r\n`.repeat(3));
  await ended;
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
});

describe('JSON that is costly to parse', () => {
  test.each([
    ['REST', studies],
    ['tRPC', '/trpc/caseStudy.create'],
  ])('is refused from a member, too (%s)', async (_, path) => {
    const names = `{${Array.from({ length: 500_000 }, (__, at) => `"k${at}":1`).join(',')}}`;
    for (const body of [nested, names, `[${'{},'.repeat(1_000_000)}{}]`]) {
      const response = await api.call('POST', path, {
        key: owner,
        body,
        headers: { 'content-type': 'application/json' },
      });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('malformed_request');
    }
  });
});

type Schema = {
  type?: string;
  anyOf?: Schema[];
  enum?: string[];
  const?: unknown;
  maxLength?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
};

/** The largest JSON of a schema in bytes, with three bytes a character, as in Asian scripts. */
function largestJson({ anyOf, enum: values, const: only, ...schema }: Schema): number {
  if (anyOf) return Math.max(...anyOf.map(largestJson));
  if (values) return Math.max(...values.map((value) => value.length)) + 2;
  if (only !== undefined) return JSON.stringify(only).length;
  const { type, maxLength = 100, maxItems = 0, items = {}, properties = {} } = schema;
  if (type === 'string') return 2 + 3 * maxLength;
  if (type === 'array') return 2 + maxItems * (largestJson(items) + 1);
  if (type !== 'object') return 25;
  const fields = Object.entries(properties).map(([name, field]) => name.length + 4 + largestJson(field));
  return fields.reduce((sum, bytes) => sum + bytes, 2);
}

test('no route refuses a body by its size that the schema of its input admits', () => {
  const tooSmall = allOperations.filter(({ input, maxInputBytes = smallInputBytes }) => {
    const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema;
    return largestJson(schema) > maxInputBytes;
  });
  expect(tooSmall.map(({ name }) => name)).toEqual([]);
});

test('a request with two Host headers is refused, and one by an absolute address links to paths only', async () => {
  const hosts = { host: 'a.example', Host: 'b.example' };
  expect(await answerTo('GET /api/v1/portfolios', hosts)).toMatch(/^HTTP\/1.1 400 /);
  const absolute = await answerTo('GET http://evil.example/api/v1/portfolios?limit=1', by(owner));
  expect(absolute).toMatch(/^HTTP\/1.1 200 /);
  expect(absolute).toContain('link: </api/v1/portfolios?limit=1>; rel="first"');
});

async function repeat(open: () => Promise<unknown>, count: number) {
  for (let at = 0; at < count; at++) await open();
}

test.each(['/api/v1/jobs/changes', '/trpc/job.changes?input=%7B%7D'])(
  'streams whose clients disconnect while their credential is looked up count no longer (%s)',
  async (path) => {
    const key = await api.issueKey(`leaves ${path}`);
    const { server } = api.server;
    const openConnections = () =>
      new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    const addStream = vi.spyOn(Connections.prototype, 'addStream');
    let received = 0;
    const count = () => (received += 1);
    server.on('request', count);
    // No key can be looked up meanwhile.
    await api.sql.begin(async (sql) => {
      await sql`lock table api_keys in access exclusive mode`;
      const before = await openConnections();
      const head = `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${key}\r\n\r\n`;
      const sockets = Array.from({ length: 100 }, () => {
        const socket = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
        socket.write(head);
        return socket;
      });
      await eventually(() => expect(received).toBe(100));
      for (const socket of sockets) socket.destroy();
      await eventually(async () => expect(await openConnections()).toBeLessThanOrEqual(before));
    });
    server.off('request', count);
    await eventually(() => expect(addStream).toHaveBeenCalledTimes(100));
    addStream.mockRestore();
    const gone = new AbortController();
    const next = await api.call('GET', '/api/v1/jobs/changes', { key, signal: gone.signal });
    gone.abort();
    expect(next.status).toBe(200);
  },
);

test('SSE, tRPC over HTTP and WebSocket share one limit of connections by credential', async () => {
  const key = await api.issueKey('watcher');
  const gone = new AbortController();
  const sse = () => api.call('GET', '/api/v1/jobs/changes', { key, signal: gone.signal });
  const trpc = () => api.call('GET', '/trpc/job.changes?input=%7B%7D', { key, signal: gone.signal });
  const sockets: WebSocket[] = [];
  async function socket() {
    const opened = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/trpc?connectionParams=1`);
    sockets.push(opened);
    await once(opened, 'open');
    opened.send(JSON.stringify({ method: 'connectionParams', data: { authorization: `Bearer ${key}` } }));
    opened.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'job.list', input: {} } }));
    return Promise.race([once(opened, 'message'), once(opened, 'close')]);
  }
  await repeat(sse, 34);
  await repeat(trpc, 33);
  await repeat(socket, 33);
  expect((await sse()).status).toBe(429);
  // tRPC reports errors of a stream as its first event.
  const { body } = await trpc();
  let events = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) events += chunk;
  expect(events).toContain('too_many_requests');
  expect(await socket()).toEqual([1008, expect.anything()]);
  gone.abort();
  for (const each of sockets) each.terminate();
});
