import type { Backlog } from '@portfolio/core/job/backlog';
import { ofEachKind } from '@portfolio/core/job/kinds';
import { readBacklog } from '@portfolio/core/job/backlog';
import { openDatabase } from '@portfolio/core/runtime/database';
import { afterEach, expect, test } from 'vitest';
import { testDatabase } from '../../../tests/support/database.ts';
import { testProxy } from '../../../tests/support/proxy.ts';
import { silentLog } from '../../../tests/support/services.ts';
import { serveInternal } from './internal.ts';

let parts = new AsyncDisposableStack();
afterEach(async () => {
  const ended = parts;
  parts = new AsyncDisposableStack();
  await ended.disposeAsync();
});

async function serve(read: () => Promise<Backlog>) {
  const options = { readBacklog: read, log: silentLog };
  const { port, close } = await serveInternal({ host: '127.0.0.1', port: 0 }, options);
  parts.defer(close);
  return async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { type: response.headers.get('content-type'), body: (await response.json()) as object };
  };
}

const idle = { due: 0, waiting: 0, running: 0, oldestSeconds: 0 };
const empty = async (): Promise<Backlog> => ({ workers: 0, kinds: ofEachKind(() => idle) });

test('the backlog is JSON while the database is available, and a problem with status 503 while it is not', async () => {
  const database = await testDatabase();
  parts.defer(() => database.drop());
  const proxy = await testProxy(database.url);
  parts.defer(() => proxy.stop());
  const url = Object.assign(new URL(database.url), { port: String(proxy.port) }).href;
  const { db, close } = openDatabase({ url, poolSize: 1, applicationName: 'test', log: silentLog });
  parts.defer(close);
  const get = await serve(() => readBacklog(db));
  expect(await get('/backlog')).toEqual({ type: 'application/json', body: await empty() });
  proxy.down();
  expect(await get('/backlog')).toEqual({
    type: 'application/problem+json',
    body: expect.objectContaining({ status: 503, code: 'unavailable' }),
  });
});

test('an unexpected error is a problem that says nothing about it', async () => {
  const get = await serve(() => Promise.reject(new TypeError('secret')));
  const { body } = await get('/backlog');
  expect(body).toMatchObject({ status: 500, code: 'internal' });
  expect(JSON.stringify(body)).not.toContain('secret');
});

test.each([
  ['GET', '/readyz'],
  ['GET', '/api/v1/portfolios'],
  ['POST', '/backlog'],
])('%s %s is not found', async (method, path) => {
  const get = await serve(empty);
  expect((await get(path, method)).body).toMatchObject({
    status: 404,
    code: 'not_found',
    traceId: expect.stringMatching(/^[\da-f]{32}$/) as string,
  });
});
