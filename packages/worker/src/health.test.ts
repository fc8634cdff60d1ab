import { SchemaBehind } from '@portfolio/core/runtime/health';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../../tests/support/services.ts';
import { serveHealth } from './health.ts';

const here = async () => 'here';
const away = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.1:5432'));
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

async function serve(dependencies: Record<string, () => Promise<unknown>>, isTaking: boolean) {
  const options = { dependencies, isTaking: () => isTaking, log: silentLog };
  const { port, close } = await serveHealth({ host: '127.0.0.1', port: 0 }, options);
  closers.push(close);
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { code: response.status, ...((await response.json()) as object) };
  };
}

test('a worker lives as long as it answers, whatever is away', async () => {
  const get = await serve({ database: away }, false);
  expect(await get('/healthz')).toEqual({ code: 200, status: 'ok' });
});

test.each([
  ['it takes jobs', { database: here }, true, 200, 'ready', 'ok'],
  ['something that all workers need is away', { database: away }, true, 200, 'degraded', 'away'],
  [
    'it takes no jobs, having just started or being about to stop',
    { database: here },
    false,
    503,
    'not ready',
    'ok',
  ],
  [
    'the schema is older than it',
    { database: () => Promise.reject(new SchemaBehind()) },
    false,
    503,
    'not ready',
    'behind',
  ],
])('a worker says whether %s', async (_, dependencies, isTaking, code, status, database) => {
  const get = await serve(dependencies, isTaking);
  expect(await get('/readyz')).toEqual({ code, status, dependencies: { database } });
});

test('a worker answers nothing else', async () => {
  const get = await serve({}, true);
  expect(await get('/metrics')).toMatchObject({ code: 404 });
});
