import postgres from 'postgres';
import { type ErrorCode, errorCodes } from '@portfolio/core/errors';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';

const portfolios = '/api/v1/portfolios';
const studies = `${portfolios}/team/case-studies`;
const png = Buffer.from('89504e470d0a1a0a', 'hex');

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await testApi();
  key = await api.issueKey('owner');
  await api.call('POST', portfolios, { key, json: { slug: 'team', name: 'Team' } });
  await api.call('POST', studies, { key, json: { slug: 'draft', title: 'Not yet' } });
  await api.call('POST', studies, { key, json: { slug: 'public', title: 'Faster' } });
  await api.call('POST', `${studies}/public/publish`, { key, headers: { 'if-match': '*' } });
});
afterAll(() => api.stop());

type Problem = { status: number; code: ErrorCode; detail: string; errors?: { pointer: string }[] };

/** The problem in a response, after a check of all its parts. */
async function readProblem(response: Response): Promise<Problem> {
  const { errors, ...problem } = (await response.json()) as Problem;
  const { code, status } = problem;
  expect(problem).toEqual({
    type: `/api/problems/${code}`,
    traceId: expect.stringMatching(/^[\da-f]{32}$/) as string,
    ...errorCodes[code],
    code,
    // Texts of Fastify and V8 do not end with a full stop. Details of fields are tested with the operations.
    detail: expect.stringMatching(code === 'invalid_input' ? /\S/ : /\.$/),
  });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
  return errors ? { ...problem, errors } : problem;
}

const codeOf = async (response: Response) => (await readProblem(response)).code;

const post = (body: string, contentType = 'application/json') =>
  api.call('POST', portfolios, { key, body, headers: { 'content-type': contentType } });

describe('an address', () => {
  test.each([
    ['GET', '/nowhere'],
    ['GET', '/api/nowhere'],
    ['GET', '/api/v1/portfolios/team/nowhere'],
    ['PUT', '/nowhere'],
    ['OPTIONS', '/nowhere'],
    ['PROPFIND', '/nowhere'],
    ['GET', '/api/problems/nonsense'],
    ['GET', '/trpc'],
  ])('without a route (%s %s) gives not_found', async (method, path) => {
    expect(await codeOf(await api.call(method, path))).toBe('not_found');
  });

  test.each([
    '/%zz',
    '/api/v1/portfolios/%',
    '/api/v1/portfolios/%c3%28',
    `/api/v1/jobs/${'x'.repeat(6000)}`,
  ])('that is malformed (case %#) gives malformed_request', async (path) => {
    expect(await codeOf(await api.call('GET', path))).toBe('malformed_request');
  });

  test('over the limit of Node gives malformed_request', async () => {
    const path = `${portfolios}/${'x'.repeat(20_000)}`;
    expect(await codeOf(await api.call('GET', path))).toBe('malformed_request');
  });

  test('in a request that is not HTTP gives malformed_request', async () => {
    const socket = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('HELO example.org\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(answer).toContain('content-type: application/problem+json\r\n');
    expect(answer).toContain('"code":"malformed_request"');
  });
});

describe('a body', () => {
  test.each(['{"slug":', '{"slug":"x",}', '{"__proto__":{"slug":"x"},"slug":"y","name":"Y"}'])(
    'that is not JSON or poisoned (%s) gives malformed_request',
    async (body) => {
      expect(await codeOf(await post(body))).toBe('malformed_request');
    },
  );

  test.each(['[]', '[{"slug":"x","name":"X"}]', '"x"', '7', 'true', 'null'])(
    'of JSON that is not an object (%s) gives invalid_input',
    async (body) => {
      const { code, detail } = await readProblem(await post(body));
      expect(code).toBe('invalid_input');
      expect(detail).toContain('JSON object');
    },
  );

  test.each(['', '{}'])('without any field (%j) gives the required fields', async (body) => {
    const { code, errors } = await readProblem(await post(body));
    expect(code).toBe('invalid_input');
    expect(errors?.map(({ pointer }) => pointer)).toEqual(['/slug', '/name']);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'image/png',
    'image/gif',
    'multipart/form-data',
  ])('of the type %s gives unsupported_media_type where JSON is expected', async (type) => {
    expect(await codeOf(await post('{"slug":"typed","name":"X"}', type))).toBe('unsupported_media_type');
  });

  test.each(['application/json', 'image/gif', 'application/octet-stream'])(
    'of the type %s gives unsupported_media_type where an image is expected',
    async (type) => {
      const headers = { 'content-type': type };
      const body = type === 'application/json' ? JSON.stringify({ bytes: png.toString('base64') }) : png;
      const response = await api.call('POST', `${portfolios}/team/images`, { key, headers, body });
      expect(await codeOf(response)).toBe('unsupported_media_type');
    },
  );

  test('over the limit gives payload_too_large', async () => {
    expect(await codeOf(await post('x'.repeat(8 * 1024 * 1024 + 1)))).toBe('payload_too_large');
  });

  test('must not repeat fields of the path, and its fields must not be in the query', async () => {
    const inBody = await api.call('PATCH', `${portfolios}/team`, { key, json: { portfolio: 'other' } });
    expect(await readProblem(inBody)).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/portfolio' }],
    });
    const inQuery = await api.call('POST', `${portfolios}?name=X`, { key, json: { slug: 'queried' } });
    expect(await readProblem(inQuery)).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/name' }],
    });
  });
});

describe('a field', () => {
  test('that does not exist is reported by its pointer', async () => {
    const json = { slug: 'extra', name: 'X', colour: 'red' };
    const { code, errors, detail } = await readProblem(await api.call('POST', portfolios, { key, json }));
    expect(code).toBe('invalid_input');
    expect(errors).toEqual([{ pointer: '/colour', detail: 'There is no such field.' }]);
    expect(detail).toContain('/colour');
  });

  test.each([
    ['limit=abc', '/limit'],
    ['limit=', '/limit'],
    ['limit=0', '/limit'],
    ['limit=-1', '/limit'],
    ['limit=1.5', '/limit'],
    ['limit=1000', '/limit'],
    ['limit=1&limit=2', '/limit'],
    ['limit=Infinity', '/limit'],
    ['cursor=nonsense', '/cursor'],
    ['cursor=%00', '/cursor'],
    ['cursor=pf_00000000000000000000000000&cursor=x', '/cursor'],
    ['page=2', '/page'],
    ['__proto__=1', '/__proto__'],
  ])('of the query that is invalid (%s) is reported by its pointer', async (query, pointer) => {
    const { code, errors } = await readProblem(await api.call('GET', `${portfolios}?${query}`));
    expect(code).toBe('invalid_input');
    expect(errors).toMatchObject([{ pointer }]);
  });

  test.each([
    ['slug', 'Upper'],
    ['slug', 'two--hyphens'],
    ['slug', '-edge'],
    ['slug', 'x'.repeat(81)],
    ['slug', 'ünïcode'],
    ['slug', 7],
    ['title', ''],
    ['title', ' \t '],
    ['title', 'x'.repeat(201)],
    ['title', 'two\nlines'],
    ['title', 'NUL \0'],
    ['title', 'lone \ud800 surrogate'],
    ['title', null],
    ['summary', 'x'.repeat(501)],
    ['body', 'NUL \0'],
    ['body', 'lone \udc00 surrogate'],
    ['tags', ['Upper']],
    ['tags', Array.from({ length: 21 }, (_, at) => `tag-${at}`)],
    ['period', { from: '2026-13' }],
    ['period', { from: '2026-05', to: '2026-04' }],
    ['language', 'english language'],
  ])('of a case study that is invalid (%s, case %#) is reported by its pointer', async (field, value) => {
    const json = { slug: 'wrong', title: 'Right', [field]: value };
    const { code, errors } = await readProblem(await api.call('POST', studies, { key, json }));
    expect(code).toBe('invalid_input');
    expect(new Set(errors?.map(({ pointer }) => pointer.split('/')[1]))).toEqual(new Set([field]));
  });
});

describe('a resource', () => {
  test('whose slug is already in use gives conflict', async () => {
    const portfolio = { slug: 'team', name: 'Again' };
    expect(await codeOf(await api.call('POST', portfolios, { key, json: portfolio }))).toBe('conflict');
    const study = { slug: 'draft', title: 'Again' };
    expect(await codeOf(await api.call('POST', studies, { key, json: study }))).toBe('conflict');
  });

  test.each([
    ['GET', '/api/v1/portfolios/nobody'],
    ['GET', '/api/v1/portfolios/nobody/case-studies'],
    ['GET', '/api/v1/portfolios/team/case-studies/nothing'],
    ['POST', '/api/v1/portfolios/team/case-studies/nothing/publish'],
    ['POST', '/api/v1/portfolios/team/case-studies/nothing/exports'],
    ['GET', `/api/v1/portfolios/team/images/${'0'.repeat(64)}`],
    ['GET', '/api/v1/jobs/job_01kb00000000000000000000zz'],
    ['GET', '/api/v1/jobs/job_01kb00000000000000000000zz/result'],
  ])('that does not exist (%s %s) gives not_found', async (method, path) => {
    const headers = { 'if-match': '*' };
    expect(await codeOf(await api.call(method, path, { key, headers }))).toBe('not_found');
  });

  test('that is not published is not visible to anonymous readers and non-members, nor in their lists', async () => {
    const nonMember = await api.issueKey('non-member');
    for (const given of [{}, { key: nonMember }]) {
      expect(await codeOf(await api.call('GET', `${studies}/draft`, given))).toBe('not_found');
      const list = (await (await api.call('GET', studies, given)).json()) as { items: { slug: string }[] };
      expect(list.items.map(({ slug }) => slug)).toEqual(['public']);
    }
  });

  test('that a job has not produced yet gives conflict, with the state of the job', async () => {
    const accepted = await api.call('POST', `${studies}/public/exports`, { key });
    const result = await api.call('GET', `${accepted.headers.get('location')}/result`, { key });
    expect(await readProblem(result)).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('queued'),
    });
  });
});

describe('an unexpected error', () => {
  test('of the database is internal, and its text is not sent', async () => {
    const owner = postgres(api.databaseUrl, { max: 1 });
    await owner`alter table images rename to images_missing`;
    try {
      const response = await api.call('GET', `${portfolios}/team/images/${'0'.repeat(64)}`, { key });
      const { code, detail } = await readProblem(response);
      expect(code).toBe('internal');
      expect(detail).not.toMatch(/images|relation|select|error:/i);
    } finally {
      await owner`alter table images_missing rename to images`;
      await owner.end();
    }
  });

  test('of the bucket is internal, and its text is not sent', async () => {
    const put = vi.spyOn(api.services.bucket, 'put').mockRejectedValue(new Error('secret.internal:9000'));
    const headers = { 'content-type': 'image/png' };
    const response = await api.call('POST', `${portfolios}/team/images`, { key, body: png, headers });
    const { code, detail } = await readProblem(response);
    expect(code).toBe('internal');
    expect(detail).not.toContain('secret');
    put.mockRestore();
  });
});

test('every kind of problem is documented at its type', async () => {
  for (const [code, { status, title }] of Object.entries(errorCodes)) {
    const type = `/api/problems/${code}`;
    expect(await (await api.call('GET', type)).json()).toEqual({ type, code, status, title });
  }
});

test('a refusal without a valid credential names the scheme in WWW-Authenticate', async () => {
  for (const given of [{}, { key: 'pk_unknown' }, { headers: { authorization: 'Basic eDp5' } }]) {
    const response = await api.call('GET', '/api/v1/jobs', given);
    expect(await codeOf(response)).toBe('unauthenticated');
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  }
});
