import { SchemaBehind } from '@portfolio/core/runtime/health';
import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { WebSocket } from 'ws';
import { testApi } from '../../../tests/support/api.ts';
import { silentLog } from '../../../tests/support/services.ts';
import { buildServer } from './server.ts';

const png = Buffer.from('89504e470d0a1a0a', 'hex');
const uploadPath = '/api/v1/portfolios/team/images';

/** The server without a database, a bucket or a queue, which most of these tests do not need. */
const bareServer = (options: Partial<Parameters<typeof buildServer>[0]> = {}) =>
  buildServer({
    services: { published: { onChange() {} } } as unknown as Services,
    authenticate: async () => anonymous,
    dependencies: {},
    log: silentLog,
    ...options,
  });

/** The lines that the server logs for a request. */
async function linesOf(url: string, level: string) {
  const out = new PassThrough();
  const server = await bareServer({ log: pino({ level }, out) });
  await server.inject({ url, headers: { authorization: 'Bearer pk_secret' } });
  const text = String(out.read() ?? '');
  expect(text).not.toContain('pk_secret');
  return text.split('\n').filter(Boolean);
}

const unavailable = async () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7'));
const behind = () => Promise.reject(new SchemaBehind());
const available = async () => {};

describe('every answer', () => {
  test.each(['/healthz', '/api/openapi.json', '/api/v1/nowhere', '/trpc/no.such', '/api/v1/jobs'])(
    'has the security headers (%s)',
    async (url) => {
      const { headers } = await (await bareServer()).inject(url);
      expect(headers['content-security-policy']).toBe(
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
      );
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      expect(headers).not.toHaveProperty('strict-transport-security');
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers).not.toHaveProperty('server');
    },
  );
});

describe('the log', () => {
  test('has one line for a request that was refused, without its query', async () => {
    const lines = await linesOf('/api/v1/jobs?q=secret', 'info');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { msg: 'request', req: { method: 'GET', path: '/api/v1/jobs' }, res: { statusCode: 401 } },
    ]);
  });

  test('has no more of a long path than the API has in its addresses', async () => {
    const [line] = await linesOf(`/${'a'.repeat(10_000)}`, 'info');
    expect(line!.length).toBeLessThan(1000);
  });

  test('has a line for a successful read at the level debug only', async () => {
    expect(await linesOf('/api/openapi.json', 'info')).toEqual([]);
    expect(await linesOf('/api/openapi.json', 'debug')).toHaveLength(1);
  });
});

describe('readiness', () => {
  test('is reported when all dependencies are available', async () => {
    const server = await bareServer({ dependencies: { database: available, queue: available } });
    const response = await server.inject('/readyz');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      status: 'ready',
      load: 'ok',
      dependencies: { database: 'ok', queue: 'ok' },
    });
  });

  test.each(['database', 'queue', 'bucket'])(
    'is kept while the %s is unavailable, which is named without its address',
    async (name) => {
      const server = await bareServer({ dependencies: { other: available, [name]: unavailable } });
      const response = await server.inject('/readyz');
      expect(response.statusCode).toBe(200);
      expect(response.json()).toEqual({
        status: 'degraded',
        load: 'ok',
        dependencies: { other: 'ok', [name]: 'unavailable' },
      });
    },
  );

  test('is not reported where a dependency of this process alone is missing', async () => {
    const response = await (await bareServer({ webRoot: '/nowhere' })).inject('/readyz');
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.json()).toMatchObject({ status: 'not ready', dependencies: { page: 'unavailable' } });
  });

  test('is not reported while the schema is older than the code', async () => {
    const response = await (
      await bareServer({ dependencies: { database: available, schema: behind } })
    ).inject('/readyz');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({
      status: 'not ready',
      dependencies: { database: 'ok', schema: 'behind' },
    });
  });

  test('ends when the process is about to stop, while it still serves and closes connections', async () => {
    const stopping = new AbortController();
    const server = await bareServer({ dependencies: { database: available }, stopping: stopping.signal });
    const connectionAfter = async (url: string) => (await server.inject(url)).headers.connection;
    expect(await connectionAfter('/readyz')).not.toBe('close');
    stopping.abort();
    const response = await server.inject('/readyz');
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ status: 'not ready', load: 'stopping' });
    expect((await server.inject('/healthz')).statusCode).toBe(200);
    expect(await connectionAfter('/healthz')).toBe('close');
    expect(await connectionAfter('/api/openapi.json')).toBe('close');
  });

  test('does not wait for a dependency that never answers', async () => {
    const server = await bareServer({ dependencies: { database: () => new Promise(() => {}) } });
    const response = await server.inject('/readyz');
    expect(response.json()).toMatchObject({ status: 'degraded', dependencies: { database: 'unavailable' } });
  });

  test('has no influence on liveness', async () => {
    const server = await bareServer({ dependencies: { database: unavailable } });
    expect((await server.inject('/healthz')).statusCode).toBe(200);
  });
});

describe('the page', () => {
  const html = { accept: 'text/html,*/*' };
  let webRoot: string;
  beforeAll(async () => {
    webRoot = await mkdtemp(join(tmpdir(), 'portfolio-web-'));
    await mkdir(join(webRoot, 'assets'));
    await writeFile(join(webRoot, 'index.html'), '<title>Portfolio</title>');
    await writeFile(join(webRoot, 'assets', 'app-1a2b.js'), 'export {};');
  });
  afterAll(() => rm(webRoot, { recursive: true }));

  test.each(['/', '/jobs', '/jobs/job_1'])(
    'is served at its addresses (%s), never from a cache',
    async (url) => {
      const response = await (await bareServer({ webRoot })).inject({ url, headers: html });
      expect(response.statusCode).toBe(200);
      expect(response.body).toBe('<title>Portfolio</title>');
      expect(response.headers['cache-control']).toBe('no-cache');
    },
  );

  test('has files that may be cached forever', async () => {
    const response = await (await bareServer({ webRoot })).inject('/assets/app-1a2b.js');
    expect(response.headers['cache-control']).toContain('immutable');
    expect(response.headers['content-type']).toMatch(/^application\/javascript/);
  });

  test.each(['/api/nowhere', '/trpc/no.such', '/assets/gone.js'])('is not served at %s', async (url) => {
    const response = await (await bareServer({ webRoot })).inject({ url, headers: html });
    expect(response.statusCode).toBe(404);
    expect(response.headers['content-type']).toMatch(/json/);
  });

  test('is not served to programs at unknown addresses', async () => {
    const response = await (await bareServer({ webRoot })).inject('/jobs');
    expect(response.statusCode).toBe(404);
  });
});

describe('with its dependencies', () => {
  test('a disconnect of the client aborts its request', async () => {
    const api = await testApi();
    const key = await api.issueKey('owner');
    await api.call('POST', '/api/v1/portfolios', { key, json: { slug: 'team', name: 'Team' } });
    const put = vi.spyOn(api.services.bucket, 'put').mockReturnValue(new Promise<void>(() => {}));
    const client = new AbortController();
    const headers = { 'content-type': 'image/png' };
    const upload = api.call('POST', uploadPath, { key, body: png, headers, signal: client.signal });
    const signal = await eventually(() => put.mock.lastCall![3]!);
    expect(signal.aborted).toBe(false);
    client.abort();
    await expect(upload).rejects.toThrow('aborted');
    await eventually(() => expect(signal.aborted).toBe(true));
    await api.stop();
  });

  test('closing ends streams and connections, and lets a running request finish', async () => {
    const api = await testApi();
    const key = await api.issueKey('owner');
    await api.call('POST', '/api/v1/portfolios', { key, json: { slug: 'team', name: 'Team' } });

    const store = Promise.withResolvers<void>();
    const { put: putNow } = api.services.bucket;
    const put = vi.spyOn(api.services.bucket, 'put').mockImplementation(async (...given) => {
      await store.promise;
      await putNow(...given);
    });
    const upload = api.call('POST', uploadPath, { key, body: png, headers: { 'content-type': 'image/png' } });
    await eventually(() => expect(put).toHaveBeenCalled());
    const subscribe = vi.spyOn(api.services.jobFeed, 'watchChanges');
    const stream = await api.call('GET', '/api/v1/jobs/changes', { key });
    await eventually(() => expect(subscribe).toHaveBeenCalled());
    const streamEnd = stream.text().then(
      () => 'ended',
      () => 'ended',
    );
    const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/trpc`);
    await once(socket, 'open');
    const silent = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
    await once(silent, 'connect');

    const silentEnd = once(silent, 'close');
    const closed = api.server.close();
    const [code] = await once(socket, 'close');
    expect(code).toBe(1001);
    expect(await streamEnd).toBe('ended');
    store.resolve();
    expect((await upload).status).toBe(201);
    await closed;
    await silentEnd;
    await expect(api.call('GET', '/healthz')).rejects.toThrow('fetch failed');
    await api.stop();
  });
});
