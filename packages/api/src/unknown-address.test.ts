import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../tests/support/api.ts';

const portfolios = '/api/v1/portfolios';

let api: TestApi;
let webRoot: string;
beforeAll(async () => {
  webRoot = await mkdtemp(join(tmpdir(), 'portfolio-web-'));
  await writeFile(join(webRoot, 'index.html'), '<title>Portfolio</title>');
  api = await testApi({ webRoot });
});
afterAll(async () => {
  await api.stop();
  await rm(webRoot, { recursive: true });
});

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('a known address', () => {
  test.each([
    ['DELETE', portfolios, 'GET, HEAD, OPTIONS, POST'],
    ['PUT', portfolios, 'GET, HEAD, OPTIONS, POST'],
    ['PROPFIND', portfolios, 'GET, HEAD, OPTIONS, POST'],
    ['POST', `${portfolios}/team?draft=1`, 'GET, HEAD, OPTIONS, PATCH'],
    ['GET', `${portfolios}/team/case-studies/faster/publish`, 'OPTIONS, POST'],
    ['HEAD', `${portfolios}/team/case-studies/faster/publish`, 'OPTIONS, POST'],
    ['HEAD', '/api/v1/jobs/changes', 'GET, OPTIONS'],
    ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/api/openapi.json', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/api/problems/conflict', 'GET, HEAD, OPTIONS'],
  ])('refuses another method (%s %s) with those that it has', async (method, path, allow) => {
    const response = await api.call(method, path);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    const code = method === 'HEAD' ? 'method_not_allowed' : await codeOf(response);
    expect(code).toBe('method_not_allowed');
  });

  test.each(['text/plain', 'application/json', 'application/merge-patch+json'])(
    'refuses another method before it reads a body (%s)',
    async (type) => {
      const headers = { 'content-type': type };
      const response = await api.call('PUT', portfolios, { headers, body: '{"not": JSON' });
      expect(response.status).toBe(405);
    },
  );

  test.each([
    [portfolios, 'GET, HEAD, OPTIONS, POST', null],
    [`${portfolios}/team`, 'GET, HEAD, OPTIONS, PATCH', 'application/json'],
    [`${portfolios}/team/case-studies/faster/publish`, 'OPTIONS, POST', null],
    ['/trpc/portfolio.list', 'GET, HEAD, OPTIONS, POST', null],
  ])('answers OPTIONS (%s) with its methods', async (path, allow, acceptPatch) => {
    const response = await api.call('OPTIONS', path);
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe(allow);
    expect(response.headers.get('accept-patch')).toBe(acceptPatch);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe('');
  });

  test.each([
    ['PUT', 'portfolio.list', 'GET, HEAD, OPTIONS, POST'],
    ['POST', 'portfolio.list', 'GET, HEAD'],
    ['GET', 'portfolio.create', 'POST'],
  ])('of a procedure refuses another method with those that it has (%s %s)', async (method, path, allow) => {
    const headers = { 'content-type': 'application/json' };
    const response = await api.call(method, `/trpc/${path}`, method === 'GET' ? {} : { headers, body: '{}' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
  });
});

describe('an unknown address', () => {
  test.each([
    ['POST', '/nowhere'],
    ['POST', '/assets/app.js'],
    ['DELETE', `${portfolios}/team/nowhere`],
    ['OPTIONS', '/api/v1/nowhere'],
  ])('gives not_found for any method (%s %s), whatever the body', async (method, path) => {
    const init = method === 'OPTIONS' ? {} : { body: 'x', headers: { 'content-type': 'text/plain' } };
    const response = await api.call(method, path, init);
    expect(response.headers.get('allow')).toBeNull();
    expect(await codeOf(response)).toBe('not_found');
  });

  test('gives the page to browsers, and not_found to programs', async () => {
    const page = await api.call('GET', '/jobs/job_1', { headers: { accept: 'text/html' } });
    expect(await page.text()).toBe('<title>Portfolio</title>');
    const head = await api.call('HEAD', '/jobs', { headers: { accept: 'text/html' } });
    expect(head.status).toBe(200);
    expect(await codeOf(await api.call('GET', '/jobs/job_1'))).toBe('not_found');
  });
});
