import { operations } from '@portfolio/core';
import { createSecurityLog, type SecurityLog } from '@portfolio/core/audit/security-log';
import { createRateCounter } from '@portfolio/core/runtime/rate-limit';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { invite } from '../../../tests/support/invite.ts';
import { silentLog, type TestServices, testServices, user } from '../../../tests/support/services.ts';
import { signIn } from '../../../tests/support/sign-in.ts';

const owner = user('owner');
const team = '/api/v1/portfolios/team';

let platform: TestServices;
let api: TestApi;
let log: SecurityLog;
let guestKey: string;
beforeAll(async () => {
  platform = await testServices();
  log = createSecurityLog(platform.db, silentLog);
  const rateLimits = {
    counter: createRateCounter(platform.db, silentLog),
    perMinute: 1000,
    portfolioPerMinute: 1000,
    anonymousPerMinute: 20,
  };
  api = await testApi({ databaseUrl: platform.databaseUrl, securityLog: log, rateLimits });
  for (const slug of ['team', 'hidden'])
    await operations.portfolio.create.run(platform.as(owner), { slug, name: slug });
  await invite(platform, { portfolio: 'team', role: 'viewer' }, 'viewer');
  guestKey = await platform.issueKey('guest');
});
afterAll(async () => {
  await api.stop();
  await platform.stop();
});
beforeEach(() => platform.ownerSql`delete from security_events`);

async function recorded() {
  await log.write();
  return platform.ownerSql`
    select kind, p.slug as portfolio, actor, operation, address, count, credential is not null as "hasCredential"
    from security_events e left join portfolios p on p.id = e.portfolio_id order by e.id`;
}

const address = '127.0.0.1';

test('a member without a scope, and somebody who is none, are recorded with portfolio, operation and address', async () => {
  const viewerKey = await platform.issueKey('viewer');
  const narrowKey = await platform.issueKey('owner', ['job:read']);
  await api.call('GET', `${team}/audit`, { key: viewerKey });
  await api.call('PATCH', team, { key: narrowKey, json: { name: 'New' } });
  await api.call('GET', '/api/v1/portfolios/hidden', { key: guestKey });
  const of = { address, count: 1, hasCredential: true };
  expect(await recorded()).toEqual([
    { ...of, kind: 'scope.refused', portfolio: 'team', actor: 'viewer', operation: 'audit.list' },
    { ...of, kind: 'scope.refused', portfolio: 'team', actor: 'owner', operation: 'portfolio.update' },
    { ...of, kind: 'portfolio.refused', portfolio: 'hidden', actor: 'guest', operation: 'portfolio.read' },
  ]);
});

test('the same over tRPC and over a WebSocket', async () => {
  const input = encodeURIComponent(JSON.stringify({ portfolio: 'hidden' }));
  await api.call('GET', `/trpc/audit.list?input=${input}`, { key: guestKey });
  const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/trpc?connectionParams=1`);
  await once(socket, 'open');
  socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: `Bearer ${guestKey}` } }));
  socket.send(
    JSON.stringify({
      id: 1,
      method: 'query',
      params: { path: 'audit.list', input: { portfolio: 'hidden' } },
    }),
  );
  await once(socket, 'message');
  socket.close();
  expect(await recorded()).toMatchObject([
    {
      kind: 'portfolio.refused',
      portfolio: 'hidden',
      actor: 'guest',
      operation: 'audit.list',
      address,
      count: 2,
    },
  ]);
});

test('a refused call whose portfolio is no slug does not keep other events from being written', async () => {
  const narrowKey = await platform.issueKey('owner', ['job:read']);
  for (const portfolio of ['\0', '\ud800', 'x'.repeat(10_000), 7]) {
    const input = encodeURIComponent(JSON.stringify({ portfolio }));
    await api.call('GET', `/trpc/audit.list?input=${input}`, { key: narrowKey });
  }
  await api.call('GET', `${team}/audit`, { key: narrowKey });
  const of = { kind: 'scope.refused', operation: 'audit.list', actor: 'owner' };
  expect(await recorded()).toMatchObject([
    { ...of, portfolio: null, count: 4 },
    { ...of, portfolio: 'team', count: 1 },
  ]);
});

test('a key of a portfolio that has ended is recorded there, by its id and never by its secret', async () => {
  const made = await operations.apiKey.create.run(platform.as(owner), {
    portfolio: 'team',
    name: 'Key',
    scopes: ['job:read'],
  });
  await operations.apiKey.revoke.run(platform.as(owner), { portfolio: 'team', id: made.id });
  await api.call('GET', team, { key: made.secret });
  const events = await recorded();
  expect(events).toMatchObject([{ kind: 'credential.refused', portfolio: 'team', actor: made.id, address }]);
  const { items } = await operations.audit.security.run(platform.as(owner), { portfolio: 'team' });
  expect(items).toMatchObject([{ credential: made.id, count: 1 }]);
  expect(JSON.stringify(items)).not.toContain(made.secret.slice(3, 20));
});

test('credentials that nobody knows are counted by address, also beyond the limit', async () => {
  for (let at = 0; at < 30; at++) await api.call('GET', team, { key: `pk_${at}` });
  expect(await recorded()).toMatchObject([
    { kind: 'credential.refused', portfolio: null, actor: null, count: 30 },
  ]);
});

test('a page of another origin that opens a WebSocket is recorded', async () => {
  const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/trpc`, {
    origin: 'https://evil.example',
  });
  await once(socket, 'error');
  expect(await recorded()).toMatchObject([{ kind: 'origin.refused', address, count: 1 }]);
});

test('a session that a page of another origin sends, and a sign-in that nobody has begun, are recorded', async () => {
  const { headers } = await signIn(platform, 'owner');
  await api.call('POST', '/api/v1/portfolios', { headers: { ...headers, origin: 'https://evil.example' } });
  await api.call('GET', '/auth/callback?state=unknown&code=x');
  expect(await recorded()).toMatchObject([
    { kind: 'origin.refused', address, actor: null, count: 1 },
    { kind: 'sign-in.refused', address, count: 1 },
  ]);
});

test('anonymous readers, wrong addresses and invalid inputs are no security events', async () => {
  await api.call('GET', `${team}/audit`);
  await api.call('GET', '/api/v1/portfolios/unknown', { key: guestKey });
  await api.call('GET', '/api/v1/nothing', { key: guestKey });
  await api.call('POST', '/api/v1/portfolios', { key: guestKey, json: { slug: 'UPPER' } });
  expect(await recorded()).toEqual([]);
});
