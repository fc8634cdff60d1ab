import { operations } from '@portfolio/core';
import { createRateCounter } from '@portfolio/core/runtime/rate-limit';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { silentLog, user } from '../../../tests/support/services.ts';
import { signIn } from '../../../tests/support/sign-in.ts';
import { type Authenticate, createAuthenticate } from './authenticate.ts';
import { Authenticator } from './authenticator.ts';
import { credentialOf } from './credential.ts';
import { createFollow } from './follow.ts';

const publicOrigin = 'https://portfolio.example';
const portfolios = '/api/v1/portfolios';
const origin = { origin: publicOrigin };

let api: TestApi;
let cookie: { cookie: string };
let viewer: { cookie: string };
beforeAll(async () => {
  api = await testApi({ publicOrigin });
  const { id } = await operations.portfolio.create.run(api.as(user('owner')), { slug: 'team', name: 'Team' });
  await api.addMember(id, 'viewer', 'viewer');
  cookie = (await signIn(api, 'owner')).headers;
  viewer = (await signIn(api, 'viewer')).headers;
});
afterAll(() => api.stop());

let count = 0;
const create = (headers: Record<string, string>) =>
  api.call('POST', portfolios, { headers, json: { slug: `made-${++count}`, name: 'Made' } });
const createByTrpc = (headers: Record<string, string>) =>
  api.call('POST', '/trpc/portfolio.create', { headers, json: { slug: `made-${++count}`, name: 'Made' } });
const socketUrl = () => `${api.baseUrl.replace('http', 'ws')}/trpc`;
const list = (headers: Record<string, string>) => api.call('GET', '/api/v1/sessions', { headers });

describe('a request with the cookie of a session', () => {
  test('is made by its person, within the role', async () => {
    expect((await api.call('GET', `${portfolios}/team/members`, { headers: viewer })).status).toBe(200);
    const change = { name: 'Other' };
    const update = (headers: Record<string, string>) =>
      api.call('PATCH', `${portfolios}/team`, {
        headers: { ...headers, ...origin, 'if-match': '*' },
        json: change,
      });
    expect((await update(viewer)).status).toBe(403);
    expect((await update(cookie)).status).toBe(200);
  });

  test('finds the session among other cookies', async () => {
    expect((await list({ cookie: `a=b; ${cookie.cookie}; c="d"` })).status).toBe(200);
    expect((await list({ cookie: `X${cookie.cookie}` })).status).toBe(401);
  });

  test.each([
    ['without an origin', {}],
    ['of another origin', { origin: 'https://evil.example' }],
    ['of a subdomain', { origin: 'https://www.portfolio.example' }],
    ['of the same host without TLS', { origin: 'http://portfolio.example' }],
    ['of an opaque origin', { origin: 'null' }],
  ])('that would change something is refused %s, over REST and tRPC, without a look-up', async (_, from) => {
    const unknown = { cookie: `__Host-session=${'a'.repeat(43)}` };
    for (const by of [cookie, unknown]) {
      for (const answer of [await create({ ...by, ...from }), await createByTrpc({ ...by, ...from })]) {
        expect(answer.status).toBe(403);
        expect(await answer.text()).toContain('pages of this origin');
      }
    }
  });

  test('changes something for a page of the own origin, over REST and tRPC', async () => {
    expect((await create({ ...cookie, ...origin })).status).toBe(201);
    expect((await createByTrpc({ ...cookie, ...origin })).status).toBe(200);
  });

  test('is made by its Authorization header instead, where it has one', async () => {
    const authorization = `Bearer ${await api.issueKey('viewer')}`;
    const made = await create({ ...cookie, authorization });
    expect(made.status).toBe(201);
    const [row] = await api.sql`select created_by from portfolios where slug = ${`made-${count}`}`;
    expect(row).toEqual({ created_by: 'viewer' });
    expect((await list({ ...cookie, authorization: 'Bearer pk_unknown' })).status).toBe(401);
  });

  test('is not authenticated by the secret in an Authorization header', async () => {
    const secret = cookie.cookie.split('=')[1]!;
    for (const scheme of ['Bearer', 'Session', 'Session.1'])
      expect((await list({ authorization: `${scheme} ${secret}` })).status).toBe(401);
  });

  test('whose session has ended is refused, and the browser forgets the cookie', async () => {
    const { id, headers } = await signIn(api, 'owner');
    expect((await list(headers)).headers.get('set-cookie')).toBeNull();
    await operations.session.revoke.run(api.as(user('owner')), { id });
    for (const answer of [await list(headers), await api.call('GET', '/trpc/session.list', { headers })]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('set-cookie')).toBe(
        '__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
      );
    }
  });

  test('gets answers that no cache gives to others, and others get none of them', async () => {
    const own = await api.call('GET', portfolios, { headers: cookie });
    const anonymous = await api.call('GET', portfolios);
    expect(own.headers.get('cache-control')).toBe('private, no-cache');
    expect(anonymous.headers.get('cache-control')).toBe('public, no-cache');
    for (const answer of [own, anonymous])
      expect(answer.headers.get('vary')).toBe('accept, authorization, cookie');
    expect(((await own.json()) as { items: object[] }).items).not.toEqual([]);
    expect(((await anonymous.json()) as { items: object[] }).items).toEqual([]);
  });
});

test.each(['/trpc/me.read', '/trpc/no.such', `${portfolios}/none`, `${portfolios}/%00`])(
  'no cache stores the answer to a session at %s, also where it is an error',
  async (path) => {
    const answer = await api.call('GET', path, { headers: cookie });
    expect(answer.headers.get('cache-control')).toMatch(/no-store/);
  },
);

describe('a WebSocket with the cookie of a session', () => {
  const call = JSON.stringify({ id: 1, method: 'query', params: { path: 'session.list', input: {} } });

  async function answerTo(headers: Record<string, string>, params?: object): Promise<unknown> {
    const socket = new WebSocket(socketUrl() + (params ? '?connectionParams=1' : ''), { headers });
    await once(socket, 'open');
    if (params) socket.send(JSON.stringify({ method: 'connectionParams', data: params }));
    socket.send(call);
    const [answer] = await once(socket, 'message');
    socket.terminate();
    return JSON.parse(String(answer)) as unknown;
  }

  test('acts for its person, from a page of the own origin', async () => {
    expect(await answerTo({ ...cookie, ...origin })).toMatchObject({ result: { type: 'data' } });
    expect(await answerTo({ ...cookie, ...origin }, {})).toMatchObject({ result: { type: 'data' } });
    const refusal = { error: { data: { problem: { code: 'unauthenticated' } } } };
    expect(await answerTo(origin)).toMatchObject(refusal);
    expect(await answerTo({ ...cookie, ...origin }, { authorization: 'Bearer pk_x' })).toMatchObject(refusal);
  });

  test.each([{}, { origin: 'https://evil.example' }])('is refused with %j', async (from) => {
    const socket = new WebSocket(socketUrl(), { headers: { ...cookie, ...from } });
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(403);
    response.destroy();
  });
});

test('a stream ends soon after its session', async () => {
  const { id, headers } = await signIn(api, 'owner');
  const authenticate = createAuthenticate(api.db);
  const follow = createFollow(api.services, authenticate, () => {}, 20);
  const credential = credentialOf(headers);
  const ended = new Promise<unknown>((resolve, reject) => {
    const receiver = { item() {}, isFull: () => false, end: resolve };
    authenticate(credential)
      .then((actor) => follow(operations.job.changes, { credential, actor }, {}, receiver))
      .then(() => operations.session.revoke.run(api.as(user('owner')), { id }))
      .catch(reject);
  });
  expect(await ended).toMatchObject({ code: 'unauthenticated' });
});

test('sessions have the limit of their person, and refused ones that of their address, before they are looked up', async () => {
  const counter = createRateCounter(api.db, silentLog, () => Date.UTC(2026, 0, 1));
  const authenticate = vi.fn<Authenticate>(createAuthenticate(api.db));
  const limits = { counter, perMinute: 2, portfolioPerMinute: 2, anonymousPerMinute: 2 };
  const authenticator = new Authenticator(authenticate, limits);
  const admit = (secret: string) =>
    authenticator.admit(credentialOf({ cookie: `__Host-session=${secret}` }), '192.0.2.1', 1);
  const own = await signIn(api, 'limited');
  await admit(own.secret);
  await admit(own.secret);
  await expect(admit(own.secret)).rejects.toMatchObject({ code: 'too_many_requests' });
  for (const letter of ['a', 'b'])
    await expect(admit(letter.repeat(43))).rejects.toMatchObject({ code: 'unauthenticated' });
  const { length } = authenticate.mock.calls;
  await expect(admit('c'.repeat(43))).rejects.toMatchObject({ code: 'too_many_requests' });
  await expect(admit(own.secret)).rejects.toMatchObject({ code: 'too_many_requests' });
  expect(authenticate).toHaveBeenCalledTimes(length);
  await counter.close();
});
