import type { Problem } from '@portfolio/core/errors';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { createClient } from '../client.ts';
import { Connections } from './connection-limits.ts';

let api: TestApi;
let apiKey: string;
beforeAll(async () => {
  api = await testApi();
  apiKey = await api.issueKey('owner');
  await api.call('POST', '/api/v1/portfolios', { key: apiKey, json: { slug: 'team', name: 'Team' } });
});
afterAll(() => api.stop());

const client = (key?: string) => createClient({ baseUrl: api.baseUrl, apiKey: key });

type ErrorBody = { error: { message: string; data: { problem: Problem; httpStatus: number } } };

/** Sends a request, checks the format of its error and returns it. */
async function readError(method: string, path: string, init: { body?: string; type?: string } = {}) {
  const headers = { ...(init.type && { 'content-type': init.type }) };
  const body = init.body ?? null;
  const response = await api.call(method, `/trpc${path}`, { key: apiKey, headers, body });
  const { error } = (await response.json()) as ErrorBody;
  const { problem } = error.data;
  expect(error.message).toBe(problem.detail);
  // Texts of tRPC, Fastify and V8 do not end with a full stop. Details of fields are tested with the operations.
  expect(problem.detail).toMatch(problem.code === 'invalid_input' ? /\S/ : /\.$/);
  expect(problem.type).toBe(`/api/problems/${problem.code}`);
  expect(error.data.httpStatus).toBe(response.status);
  expect(error.data).not.toHaveProperty('stack');
  return { status: response.status, code: problem.code };
}

describe('an error', () => {
  const json = 'application/json';

  test.each([
    ['an unknown procedure', 'GET', '/no.such', {}, 404, 'not_found'],
    ['the wrong method', 'GET', '/portfolio.create', {}, 405, 'method_not_allowed'],
    ['an unsupported method', 'PUT', '/portfolio.create', { body: '{' }, 405, 'method_not_allowed'],
    [
      'a body that is not JSON',
      'POST',
      '/portfolio.create',
      { body: '{', type: json },
      400,
      'malformed_request',
    ],
    ['input that is not JSON', 'GET', '/job.list?input=%7B', {}, 400, 'malformed_request'],
    ['input that is not valid', 'GET', '/job.list?input=%7B%22limit%22%3A0%7D', {}, 422, 'invalid_input'],
    [
      'another content type',
      'POST',
      '/portfolio.create',
      { body: 'x', type: 'text/plain' },
      415,
      'unsupported_media_type',
    ],
    [
      'a body over the limit',
      'POST',
      '/portfolio.create',
      { body: 'x'.repeat(8 * 1024 * 1024 + 1), type: json },
      413,
      'payload_too_large',
    ],
  ])('for %s has the format of tRPC', async (_, method, path, init, status, code) => {
    expect(await readError(method, path, init)).toEqual({ status, code });
  });

  test('that is unexpected is internal, and its cause is not sent', async () => {
    const put = vi.spyOn(api.services.bucket, 'put').mockRejectedValue(new Error('secret.internal:9000'));
    const bytes = Buffer.from('89504e470d0a1a0a', 'hex').toString('base64');
    const error: unknown = await client(apiKey)
      .image.upload.mutate({ portfolio: 'team', bytes })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ data: { problem: { code: 'internal', status: 500 } } });
    expect(JSON.stringify(error)).not.toContain('secret');
    put.mockRestore();
  });

  test('reaches a typed client as a problem document, with the invalid fields', async () => {
    const slug = 'Not a slug';
    await expect(client(apiKey).portfolio.create.mutate({ slug, name: 'X' })).rejects.toMatchObject({
      data: { problem: { code: 'invalid_input', status: 422, errors: [{ pointer: '/slug' }] } },
    });
    await expect(client('pk_unknown').portfolio.list.query({})).rejects.toMatchObject({
      data: { problem: { code: 'unauthenticated', status: 401 } },
    });
  });
});

describe('concurrent calls', () => {
  test('are sent in one batch, and each fails independently', async () => {
    const requests = vi.spyOn(globalThis, 'fetch');
    const { portfolio } = client(apiKey);
    const results = await Promise.allSettled([
      portfolio.read.query({ portfolio: 'team' }),
      portfolio.read.query({ portfolio: 'nobody' }),
      portfolio.read.query({ portfolio: 'team' }),
    ]);
    expect(results).toMatchObject([
      { status: 'fulfilled', value: { slug: 'team' } },
      { status: 'rejected', reason: { data: { problem: { code: 'not_found' } } } },
      { status: 'fulfilled', value: { slug: 'team' } },
    ]);
    expect(requests).toHaveBeenCalledOnce();
    requests.mockRestore();
  });

  test('may exceed the size of one batch', async () => {
    const { portfolio } = client(apiKey);
    const reads = Array.from({ length: 60 }, () => portfolio.read.query({ portfolio: 'team' }));
    expect((await Promise.all(reads)).map(({ slug }) => slug)).toEqual(Array.from(reads, () => 'team'));
  });

  test('are authenticated once', async () => {
    let lookUps = 0;
    const { sql } = api;
    sql.options.debug = (_connection, query) => {
      if (query.includes('api_keys')) lookUps += 1;
    };
    const { portfolio } = client(apiKey);
    await Promise.all(Array.from({ length: 20 }, () => portfolio.read.query({ portfolio: 'team' })));
    sql.options.debug = false;
    expect(lookUps).toBe(1);
  });

  test('are refused when one batch has more than 100', async () => {
    const paths = Array.from({ length: 101 }, () => 'portfolio.list').join(',');
    const response = await api.call('GET', `/trpc/${paths}?batch=1&input=%7B%7D`);
    expect(response.status).toBe(400);
  });
});

test('a subscription over HTTP gets the same items, and counts as a connection until it ends', async () => {
  const add = vi.spyOn(Connections.prototype, 'addStream');
  const slug = 'faster';
  const by = client(apiKey);
  await by.caseStudy.create.mutate({ portfolio: 'team', slug, title: 'Faster' });
  const { id } = await by.caseStudy.export.mutate({ portfolio: 'team', slug });
  const input = encodeURIComponent(JSON.stringify({ id }));
  const gone = new AbortController();
  const answer = await api.call('GET', `/trpc/job.events?input=${input}`, {
    key: apiKey,
    signal: gone.signal,
  });
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('snapshot')) break;
  }
  expect(text).toContain('id: 1');
  expect(add).toHaveBeenCalledOnce();
  gone.abort();
  add.mockRestore();
});
