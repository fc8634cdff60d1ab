import { issueApiKey } from '@portfolio/core/api-key/issue';
import { scopeSchema } from '@portfolio/core/actor';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase } from '@portfolio/core/runtime/database';
import { migrate } from '@portfolio/core/runtime/migrate';
import { createRateCounter } from '@portfolio/core/runtime/rate-limit';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { WebSocket } from 'ws';
import { namePeopleBySubject } from '../../../tests/support/people.ts';
import { type PostgresServer, startPostgres } from '../../../dev/postgres.ts';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { silentLog } from '../../../tests/support/services.ts';
import { createAuthenticate } from './authenticate.ts';
import { buildServer } from './server.ts';

const unavailable = { code: 'unavailable', status: 503 };
/** A published read, which is answered from the cache. */
const published = '/api/v1/portfolios?limit=5';
const problem = { data: { problem: unavailable } };

/** Sends one call over a WebSocket, and returns the answer. */
async function askSocket(baseUrl: string, key: string): Promise<unknown> {
  const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/trpc?connectionParams=1`);
  await once(socket, 'open');
  socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: `Bearer ${key}` } }));
  socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'portfolio.list', input: {} } }));
  const [answer] = await once(socket, 'message');
  socket.terminate();
  return JSON.parse(String(answer));
}

describe('while the database is unavailable', () => {
  let api: TestApi;
  let postgres: PostgresServer;
  let dataDir: string;
  let key: string;
  let baseUrl: string;
  const parts = new AsyncDisposableStack();

  beforeAll(async () => {
    api = await testApi();
    dataDir = await mkdtemp(join(inject('runFolder'), 'outage-'));
    postgres = await startPostgres({ dataDir, durable: false });
    parts.defer(() => postgres.stop());
    await migrate({ url: postgres.url });
    await namePeopleBySubject(postgres.url);
    const { db, check, close } = openDatabase({
      url: postgres.url,
      poolSize: 2,
      applicationName: 'test',
      log: silentLog,
    });
    parts.defer(close);
    const counter = createRateCounter(db, silentLog);
    parts.defer(() => counter.close());
    const server = await buildServer({
      services: { ...api.services, db, reader: db },
      authenticate: createAuthenticate(db),
      dependencies: { database: check },
      log: silentLog,
      rateLimits: { counter, perMinute: 1000, portfolioPerMinute: 1000, anonymousPerMinute: 1000 },
    });
    parts.defer(() => server.close());
    baseUrl = await server.listen({ host: '127.0.0.1', port: 0 });
    const scopes = scopeSchema.options;
    ({ secret: key } = await issueApiKey(db, { name: 'test', personId: 'ada', scopes, expiresAt: null }));
    await get('/api/v1/portfolios', key);
    await get(published);
    await postgres.stop();
  });
  afterAll(async () => {
    await parts.disposeAsync();
    await api.stop();
  });

  const get = (path: string, bearer?: string) =>
    fetch(baseUrl + path, { headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` } });

  test.each([1, 2, 3])('REST answers 503 with Retry-After, with and without a key (%i)', async () => {
    for (const bearer of [undefined, key]) {
      const response = await get('/api/v1/portfolios', bearer);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
      const { detail, ...rest } = (await response.json()) as { detail: string };
      expect(rest).toMatchObject(unavailable);
      expect(detail).not.toMatch(/postgres|127\.0\.0\.1|select|CONN/i);
    }
  });

  test('a change is refused in the same way', async () => {
    const response = await fetch(`${baseUrl}/api/v1/portfolios`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ slug: 'team', name: 'Team' }),
    });
    expect(await response.json()).toMatchObject(unavailable);
  });

  test('tRPC answers with unavailable over HTTP, alone and in a batch, and over a WebSocket', async () => {
    const alone = await get('/trpc/portfolio.list', key);
    expect(alone.status).toBe(503);
    expect(alone.headers.get('retry-after')).toBe('5');
    expect(await alone.json()).toMatchObject({ error: problem });
    const batch = await get('/trpc/portfolio.list,portfolio.list?batch=1&input=%7B%7D');
    expect(await batch.json()).toMatchObject([{ error: problem }, { error: problem }]);
    expect(await askSocket(baseUrl, key)).toMatchObject({ id: 1, error: problem });
  });

  test('requests that need no database are served, and all others once it is available again', async () => {
    expect((await get('/healthz')).status).toBe(200);
    const readiness = await get('/readyz');
    expect(readiness.status).toBe(200);
    expect(await readiness.json()).toMatchObject({
      status: 'degraded',
      dependencies: { database: 'unavailable' },
    });
    const read = await get(published);
    expect(read.status).toBe(200);
    expect(read.headers.get('cache-status')).toContain('hit');
    expect((await get('/api/openapi.json')).status).toBe(200);
    const restarted = await startPostgres({ dataDir, port: postgres.port, durable: false });
    parts.defer(() => restarted.stop());
    const status = async () => (await get('/api/v1/portfolios', key)).status;
    await eventually(async () => expect(await status()).toBe(200));
  });
});

test('while the bucket is unavailable, operations that need it answer with unavailable', async () => {
  const api = await testApi();
  const key = await api.issueKey('owner');
  await api.call('POST', '/api/v1/portfolios', { key, json: { slug: 'team', name: 'Team' } });
  const bucket = openBucket({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:1' }, 'nowhere', silentLog);
  const server = await buildServer({
    services: { ...api.services, bucket },
    authenticate: createAuthenticate(api.db),
    dependencies: {},
    log: silentLog,
  });
  const response = await server.inject({
    method: 'POST',
    url: '/api/v1/portfolios/team/images',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'image/png' },
    payload: Buffer.from('89504e470d0a1a0a00', 'hex'),
  });
  expect(response.json()).toMatchObject(unavailable);
  expect(response.headers['retry-after']).toBe('5');
  bucket.close();
  await server.close();
  await api.stop();
});
