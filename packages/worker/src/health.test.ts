import { SchemaBehind } from '@portfolio/core/runtime/health';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../../tests/support/services.ts';
import { serveHealth } from './health.ts';

const available = async () => 'ok';
const unavailable = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.1:5432'));
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

async function serve(dependencies: Record<string, () => Promise<unknown>>, isAcceptingJobs: boolean) {
  const options = { dependencies, isAcceptingJobs: () => isAcceptingJobs, log: silentLog };
  const { port, close } = await serveHealth({ host: '127.0.0.1', port: 0 }, options);
  closers.push(close);
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { code: response.status, ...((await response.json()) as object) };
  };
}

test('a worker is healthy as long as it responds, even if a dependency is unavailable', async () => {
  const get = await serve({ database: unavailable }, false);
  expect(await get('/healthz')).toEqual({ code: 200, status: 'ok' });
});

test.each([
  ['it accepts jobs', { database: available }, true, 200, 'ready', 'ok'],
  [
    'a dependency of all workers is unavailable',
    { database: unavailable },
    true,
    200,
    'degraded',
    'unavailable',
  ],
  [
    'it does not accept jobs because it starts or stops',
    { database: available },
    false,
    503,
    'not ready',
    'ok',
  ],
  [
    'the schema is older than the worker',
    { database: () => Promise.reject(new SchemaBehind()) },
    false,
    503,
    'not ready',
    'behind',
  ],
])('readiness reports whether %s', async (_, dependencies, isAcceptingJobs, code, status, database) => {
  const get = await serve(dependencies, isAcceptingJobs);
  expect(await get('/readyz')).toEqual({ code, status, dependencies: { database } });
});

test('other paths are not found', async () => {
  const get = await serve({}, true);
  expect(await get('/metrics')).toMatchObject({ code: 404 });
});
