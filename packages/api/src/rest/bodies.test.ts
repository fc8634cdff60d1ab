import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';

const portfolios = '/api/v1/portfolios';
const json = '{"name":"Renamed"}';

let api: TestApi;
let key: string;
let etag: string;
beforeAll(async () => {
  api = await testApi();
  key = await api.issueKey('owner');
  const created = await api.call('POST', portfolios, { key, json: { slug: 'team', name: 'Team' } });
  etag = created.headers.get('etag')!;
});
afterAll(() => api.stop());

function send(
  method: string,
  path: string,
  type: string | null,
  body: RequestInit['body'] | null,
  more = {},
) {
  const headers = { 'if-match': etag, ...(type !== null && { 'content-type': type }), ...more };
  return api.call(method, path, { key, headers, body });
}

async function problemOf(response: Response) {
  const { status, code } = (await response.json()) as { status: number; code: string };
  expect(response.status).toBe(status);
  return code;
}

describe('a JSON body', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'Application/JSON',
  ])('is accepted as %s', async (type) => {
    const response = await send('PATCH', `${portfolios}/team`, type, json, { 'if-match': '*' });
    expect(response.status).toBe(200);
  });

  test.each(['application/json; charset=iso-8859-1', 'application/json; charset=utf-16'])(
    'in another charset (%s) is refused',
    async (type) => {
      expect(await problemOf(await send('PATCH', `${portfolios}/team`, type, json))).toBe(
        'unsupported_media_type',
      );
    },
  );

  test('that is not valid UTF-8 is refused', async () => {
    const body = Buffer.concat([Buffer.from('{"slug":"latin","name":"Caf'), Buffer.from([0xe9, 0x22, 0x7d])]);
    expect(await problemOf(await send('POST', portfolios, 'application/json', body))).toBe(
      'malformed_request',
    );
  });

  test.each(['null', '[]', '"name"', '7'])('that is not an object (%s) is refused', async (body) => {
    const response = await send('PATCH', `${portfolios}/team`, 'application/json', body, { 'if-match': '*' });
    expect(await problemOf(response)).toBe('invalid_input');
  });

  test('that is compressed is refused', async () => {
    const more = { 'content-encoding': 'gzip' };
    const response = await send('POST', portfolios, 'application/json', gzipSync(json), more);
    expect(await problemOf(response)).toBe('unsupported_media_type');
  });
});

describe('another content type', () => {
  test.each([
    ['PATCH', `${portfolios}/team`, 'application/merge-patch+json', json],
    ['PATCH', `${portfolios}/team`, 'application/json-patch+json', '[]'],
    ['POST', portfolios, 'application/x-www-form-urlencoded', 'slug=x'],
    ['POST', portfolios, 'text/plain', ''],
    ['POST', portfolios, 'garbage', json],
    ['POST', portfolios, null, new TextEncoder().encode(json)],
  ])('is refused (%s %s as %s) with the accepted one', async (method, path, type, body) => {
    const response = await send(method, path, type, body);
    expect(await problemOf(response)).toBe('unsupported_media_type');
    expect(response.headers.get('accept')).toBe('application/json');
    expect(response.headers.get('accept-patch')).toBe(method === 'PATCH' ? 'application/json' : null);
  });

  test('is refused by a route for images, with the accepted ones', async () => {
    const response = await send('POST', `${portfolios}/team/images`, 'image/gif', 'GIF89a');
    expect(response.headers.get('accept')).toBe('image/png, image/jpeg');
    expect(await problemOf(response)).toBe('unsupported_media_type');
  });
});

test.each([
  ['POST', portfolios],
  ['PATCH', `${portfolios}/team`],
  ['POST', `${portfolios}/team/case-studies`],
])('a body over the limit is refused (%s %s)', async (method, path) => {
  const body = 'x'.repeat(8 * 1024 * 1024 + 1);
  expect(await problemOf(await send(method, path, 'application/json', body))).toBe('payload_too_large');
});

describe('a request without an acceptable media type', () => {
  test('is refused with the available media types, in a problem document', async () => {
    const response = await api.call('GET', portfolios, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(406);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(await response.json()).toMatchObject({
      code: 'not_acceptable',
      detail: expect.stringContaining('application/json') as string,
    });
  });

  test('has no effect', async () => {
    const headers = { accept: 'application/xml', 'content-type': 'application/json' };
    const body = '{"slug":"unseen","name":"Unseen"}';
    expect((await api.call('POST', portfolios, { key, headers, body })).status).toBe(406);
    expect((await api.call('GET', `${portfolios}/unseen`, { key })).status).toBe(404);
  });
});
