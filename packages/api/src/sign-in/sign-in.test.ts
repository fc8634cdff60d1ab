import { operations } from '@portfolio/core';
import { createRateCounter } from '@portfolio/core/runtime/rate-limit';
import { once } from 'node:events';
import { type IncomingMessage, get } from 'node:http';
import { inspect } from 'node:util';
import { AuthorizationResponseError } from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { CookieBrowser, testProvider } from '../../../../tests/support/oidc.ts';
import { silentLog, user } from '../../../../tests/support/services.ts';
import { withoutAnswer } from './problem.ts';

const people = [
  { subject: 'alex', name: 'Alex Example' },
  { subject: 'robin', name: 'Robin \u202eExample' },
];

let provider: Awaited<ReturnType<typeof testProvider>>;
let api: TestApi;
beforeAll(async () => {
  provider = await testProvider(people);
  api = await testApi({ issuers: [provider.issuer] });
  await provider.open(api.baseUrl);
});
afterAll(async () => {
  await api.stop();
  provider.stop();
});
beforeEach(() => {
  provider.instead = undefined;
});

/** Goes to the page of the provider and chooses a person there. */
async function signIn(browser: CookieBrowser, person: string, query = '') {
  const { visited } = await browser.visit(`${api.baseUrl}/auth/sign-in${query}`);
  return browser.visit(`${visited.at(-1)}?person=${person}`);
}

/** Chooses a person at the provider, to which the browser was sent. Resolves to where the provider sends it then. */
async function callbackOf(leadTo: string, person = 'alex'): Promise<string> {
  const atProvider = new CookieBrowser();
  const { visited } = await atProvider.visit(leadTo);
  const chosen = await atProvider.fetch(`${visited.at(-1)}?person=${person}`);
  const resumed = await atProvider.fetch(chosen.headers.get('location')!);
  return resumed.headers.get('location')!;
}

/** Begins a sign-in. Resolves to where the browser is sent. */
async function begin(browser: CookieBrowser, query = '') {
  const begun = await browser.fetch(`${api.baseUrl}/auth/sign-in${query}`);
  return begun.headers.get('location')!;
}

/** The address at which a sign-in ended. */
const endOf = ({ visited }: { visited: string[] }) => visited.at(-1)!.slice(api.baseUrl.length);
const isSignedIn = async (browser: CookieBrowser) => {
  const answer = await browser.fetch(`${api.baseUrl}/auth/session`);
  return ((await answer.json()) as { isSignedIn: boolean }).isSignedIn;
};
const signOut = (browser: CookieBrowser, headers: Record<string, string>) =>
  browser.fetch(`${api.baseUrl}/auth/sign-out`, { method: 'POST', headers });
const sessionsOf = async (subject: string) =>
  (await operations.session.list.run(api.as(user(subject)), {})).items;

describe('signing in', () => {
  test('begins a session of the person whom the issuer names, and goes on where it was asked to', async () => {
    const browser = new CookieBrowser();
    expect(await isSignedIn(browser)).toBe(false);
    expect(endOf(await signIn(browser, 'alex', '?to=/jobs%3Fstate=failed'))).toBe('/jobs?state=failed');
    expect(await isSignedIn(browser)).toBe(true);
    const [row] = await api.sql`select issuer, name, signed_in_at is not null as "hasSignedIn" from people
      where subject = 'alex'`;
    expect(row).toEqual({ issuer: provider.issuer.issuer, name: 'Alex Example', hasSignedIn: true });
    const [session] = await sessionsOf('alex');
    expect(session).toMatchObject({ address: '127.0.0.1' });
    expect(Date.now() - Date.parse(session!.signedInAt)).toBeLessThan(60_000);
  });

  test('stores cookies that only this server reads, on this host only and with TLS', async () => {
    const browser = new CookieBrowser();
    const begun = await browser.fetch(`${api.baseUrl}/auth/sign-in`);
    expect(begun.headers.get('set-cookie')).toMatch(
      /^__Host-sign-in=[\w-]{43}; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/,
    );
    expect(begun.headers.get('cache-control')).toBe('no-store');
    const completed = await browser.fetch(await callbackOf(begun.headers.get('location')!));
    expect(completed.headers.get('set-cookie')).toMatch(
      /^__Host-session=[\w-]{43}; Path=\/; Max-Age=604800; Secure; HttpOnly; SameSite=Lax$/,
    );
  });

  test('asks with PKCE, state and nonce, of which the database has no state', async () => {
    const asked = new URL(await begin(new CookieBrowser())).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      redirect_uri: `${api.baseUrl}/auth/callback`,
      max_age: '604800',
    });
    const rows = await api.sql`select * from pending_sign_ins`;
    expect(JSON.stringify(rows)).not.toContain(asked.get('state'));
  });

  test('again asks the issuer to identify the person anew', async () => {
    const asked = new URL(await begin(new CookieBrowser(), '?again')).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({ prompt: 'login', max_age: '0' });
  });

  test('ends the session that the browser had, and keeps the name that a person has got', async () => {
    const browser = new CookieBrowser();
    await signIn(browser, 'alex');
    const [before] = await sessionsOf('alex');
    await api.sql`update people set name = 'Chosen' where subject = 'alex'`;
    await signIn(browser, 'alex');
    const ids = (await sessionsOf('alex')).map(({ id }) => id);
    expect(ids).not.toContain(before!.id);
    expect(await api.sql`select name from people where subject = 'alex'`).toEqual([{ name: 'Chosen' }]);
  });

  test('works after one has revoked the own tokens', async () => {
    await operations.ownToken.revoke.run(api.as(user('alex')), {});
    const browser = new CookieBrowser();
    expect(endOf(await signIn(browser, 'alex'))).toBe('/');
    expect(await isSignedIn(browser)).toBe(true);
  });

  test('stores no name that would mislead', async () => {
    await signIn(new CookieBrowser(), 'robin');
    expect(await api.sql`select name from people where subject = 'robin'`).toEqual([{ name: null }]);
  });

  test.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'evil',
    '/auth/sign-in',
    'javascript:alert(1)',
    `/${'a'.repeat(2000)}`,
  ])('never goes on elsewhere: %.30j', async (to) => {
    const browser = new CookieBrowser();
    const leadTo = await begin(browser, `?to=${encodeURIComponent(to)}`);
    expect(endOf(await browser.visit(await callbackOf(leadTo)))).toBe('/');
  });

  test('does not leave the origin by a path that begins with two slashes once it is resolved', async () => {
    const { visited } = await signIn(new CookieBrowser(), 'alex', '?to=/.//evil.example');
    expect(new URL(visited.at(-1)!).origin).toBe(api.baseUrl);
  });
});

describe('a sign-in', () => {
  test('of another browser, or without one, is not completed', async () => {
    const callback = await callbackOf(await begin(new CookieBrowser()));
    expect(callback).toContain('/auth/callback?code=');
    const victim = new CookieBrowser();
    expect(endOf(await victim.visit(callback))).toBe('/?sign-in=expired');
    await begin(victim);
    expect(endOf(await victim.visit(callback))).toBe('/?sign-in=expired');
    expect(await isSignedIn(victim)).toBe(false);
  });

  test('is completed once', async () => {
    const browser = new CookieBrowser();
    const { visited } = await signIn(browser, 'alex');
    const callback = visited.find((address) => address.includes('/auth/callback'))!;
    expect(endOf(await browser.visit(callback))).toBe('/?sign-in=expired');
  });

  test('does not end another one of the same browser', async () => {
    const browser = new CookieBrowser();
    const first = await begin(browser, '?to=/first');
    const second = await begin(browser, '?to=/second');
    expect(endOf(await browser.visit(await callbackOf(second)))).toBe('/second');
    expect(endOf(await browser.visit(await callbackOf(first)))).toBe('/first');
  });

  test.each([
    ['a wrong state', (url: URL) => url.searchParams.set('state', 'a'.repeat(43)), 'expired'],
    ['no state', (url: URL) => url.searchParams.delete('state'), 'expired'],
    ['another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example'), 'refused'],
    ['a wrong code', (url: URL) => url.searchParams.set('code', 'wrong'), 'refused'],
    ['no code', (url: URL) => url.searchParams.delete('code'), 'refused'],
  ])('whose answer has %s is refused', async (_, change, problem) => {
    const browser = new CookieBrowser();
    const callback = new URL(await callbackOf(await begin(browser)));
    change(callback);
    expect(endOf(await browser.visit(callback.href))).toBe(`/?sign-in=${problem}`);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('whose token has another nonce or verifier is refused', async () => {
    for (const column of ['nonce', 'verifier']) {
      const browser = new CookieBrowser();
      const leadTo = await begin(browser);
      await api.sql`update pending_sign_ins set ${api.sql({ [column]: 'x'.repeat(43) })}`;
      expect(endOf(await browser.visit(await callbackOf(leadTo)))).toBe('/?sign-in=refused');
    }
  });

  test('that the person cancels says so', async () => {
    expect(endOf(await signIn(new CookieBrowser(), 'nobody'))).toBe('/?sign-in=denied');
  });

  test('that fails leads back to where it began, such as an invitation', async () => {
    const end = endOf(await signIn(new CookieBrowser(), 'nobody', '?to=/join%3Fa=b'));
    expect(end).toBe('/join?a=b&sign-in=denied');
  });

  test('with a Host that is none is refused', async () => {
    const { port } = new URL(api.baseUrl);
    for (const path of ['/auth/sign-in', '/auth/callback?state=a']) {
      const [answer] = await once(get({ port, path, headers: { host: '[' } }), 'response');
      expect((answer as IncomingMessage).resume().statusCode).toBe(400);
    }
  });

  test('is logged by the code of the issuer alone', () => {
    const sent = { error: 'login_required', error_description: 'Ada Example' };
    const error = new AuthorizationResponseError('refused', { cause: new URLSearchParams(sent) });
    const logged = inspect(withoutAnswer(error), { depth: null });
    expect(logged).toContain('login_required');
    expect(logged).not.toContain('Ada');
  });

  test('while the issuer is unavailable says so', async () => {
    const browser = new CookieBrowser();
    const callback = await callbackOf(await begin(browser));
    provider.instead = (_request, response) => void response.writeHead(503).end();
    expect(endOf(await browser.visit(callback))).toBe('/?sign-in=unavailable');
  });

  test('at an issuer that was never reached says so, and works once it is', async () => {
    const late = await testProvider(people);
    const other = await testApi({ issuers: [late.issuer] });
    const browser = new CookieBrowser();
    const leadTo = async () => (await browser.fetch(`${other.baseUrl}/auth/sign-in`)).headers.get('location');
    expect(await leadTo()).toBe(`${other.baseUrl}/?sign-in=unavailable`);
    await late.open(other.baseUrl);
    expect(await leadTo()).toContain(late.issuer.issuer);
    await other.stop();
    late.stop();
  });

  test('begun at one issuer is not completed by the answer of another one', async () => {
    const further = await testProvider(people, { isDefault: false });
    const other = await testApi({ issuers: [provider.issuer, further.issuer] });
    await further.open(other.baseUrl);
    const browser = new CookieBrowser();
    const enter = async (change: (callback: string) => string) => {
      const begun = await browser.fetch(`${other.baseUrl}/auth/sign-in?issuer=${further.issuer.issuer}`);
      const { visited } = await browser.visit(change(await callbackOf(begun.headers.get('location')!)));
      return visited.at(-1);
    };
    expect(await enter((callback) => callback.replace(/\/callback\/\w+/, '/callback'))).toBe(
      `${other.baseUrl}/?sign-in=refused`,
    );
    expect(await enter((callback) => callback)).toBe(`${other.baseUrl}/`);
    await other.stop();
    further.stop();
  });

  test('at an issuer that calls itself otherwise is not begun', async () => {
    provider.instead = (_request, response) =>
      void response
        .setHeader('content-type', 'application/json')
        .end(
          JSON.stringify({ issuer: 'https://evil.example', authorization_endpoint: 'https://evil.example' }),
        );
    const other = await testApi({ issuers: [provider.issuer] });
    const begun = await fetch(`${other.baseUrl}/auth/sign-in`, { redirect: 'manual' });
    expect(begun.headers.get('location')).toBe(`${other.baseUrl}/?sign-in=unavailable`);
    await other.stop();
  });

  test('at an issuer that is not known is not begun', async () => {
    const answer = await api.call('GET', '/auth/sign-in?issuer=https://evil.example');
    expect(answer.status).toBe(404);
  });

  test('with a parameter twice is refused, or begun as with one', async () => {
    const browser = new CookieBrowser();
    expect((await browser.fetch(`${api.baseUrl}/auth/sign-in?issuer=a&issuer=b`)).status).toBe(422);
    const asked = new URL(await begin(browser, '?again&again=2&to=/a&to=/b')).searchParams;
    expect(asked.get('prompt')).toBe('login');
  });

  test('of a person whose issuer is configured no more leads to the first one', async () => {
    const browser = new CookieBrowser();
    await signIn(browser, 'alex');
    await api.sql`update people set issuer = 'https://gone.example' where subject = 'alex'`;
    expect(await begin(browser)).toContain(provider.issuer.issuer);
    await api.sql`update people set issuer = ${provider.issuer.issuer} where subject = 'alex'`;
  });

  test('counts against the limit of its address', async () => {
    const counter = createRateCounter(api.db, silentLog, () => Date.UTC(2026, 0, 1));
    const rateLimits = { counter, perMinute: 1, portfolioPerMinute: 1, anonymousPerMinute: 2 };
    const limited = await testApi({ issuers: [provider.issuer], rateLimits });
    const statuses: number[] = [];
    for (let at = 0; at < 3; at++) statuses.push((await limited.call('GET', '/auth/session')).status);
    expect(statuses).toEqual([200, 200, 429]);
    await limited.stop();
    await counter.close();
  });
});

describe('signing out', () => {
  test('ends the session, is in the audit log, and makes the browser forget it', async () => {
    const browser = new CookieBrowser();
    await signIn(browser, 'alex');
    const cookie = browser.cookies(api.baseUrl);
    const answer = await signOut(browser, { origin: api.baseUrl });
    expect(answer.status).toBe(204);
    expect(browser.cookies(api.baseUrl)).not.toContain('__Host-session');
    expect((await api.call('GET', '/api/v1/sessions', { headers: { cookie } })).status).toBe(401);
    const [row] = await api.sql`select actor, credential = target as "isOwn" from audit_log
      where action = 'session.revoke' order by at desc limit 1`;
    expect(row).toMatchObject({ isOwn: true });
  });

  test.each<Record<string, string>>([{}, { origin: 'https://evil.example' }])(
    'is refused with %j',
    async (headers) => {
      const browser = new CookieBrowser();
      await signIn(browser, 'alex');
      expect((await signOut(browser, headers)).status).toBe(403);
      expect(await isSignedIn(browser)).toBe(true);
    },
  );

  test('without a session changes nothing', async () => {
    expect((await signOut(new CookieBrowser(), {})).status).toBe(204);
  });
});

test('a page learns which issuers there are, and a session that has ended is forgotten', async () => {
  const browser = new CookieBrowser();
  await signIn(browser, 'alex');
  await operations.session.revokeAll.run(api.as(user('alex')), {});
  const answer = await browser.fetch(`${api.baseUrl}/auth/session`);
  const { issuer } = provider.issuer;
  expect(await answer.json()).toEqual({ isSignedIn: false, issuers: [{ issuer, name: null }] });
  expect(browser.cookies(api.baseUrl)).not.toContain('__Host-session');
});

test('groups give roles and make operators at the sign-in, and take them at the next one', async () => {
  const changing = { subject: 'sam', name: 'Sam Example', groups: ['staff', 'operators'] as string[] };
  const own = await testProvider([changing]);
  const roles = [{ group: 'staff', portfolio: 'team', role: 'editor' as const }];
  const groups = { claim: 'groups', roles, operators: 'operators' };
  const other = await testApi({ issuers: [own.issuer], groups });
  await own.open(other.baseUrl);
  await operations.portfolio.create.run(other.as(user('owner')), { slug: 'team', name: 'Team' });
  const enter = async () => {
    const browser = new CookieBrowser();
    const begun = await browser.fetch(`${other.baseUrl}/auth/sign-in`);
    const callback = await callbackOf(begun.headers.get('location')!, 'sam');
    await browser.fetch(callback);
    const rows = await other.sql`
      select role, is_operator as "isOperator" from sessions left join members using (person_id)
      where sessions.person_id = 'sam' order by sessions.id desc limit 1`;
    return rows[0];
  };
  expect(await enter()).toEqual({ role: 'editor', isOperator: true });
  changing.groups = [];
  expect(await enter()).toEqual({ role: null, isOperator: false });
  await other.stop();
  own.stop();
});

test('an installation without a client of an issuer says that it offers no sign-in', async () => {
  const other = await testApi();
  expect((await other.call('GET', '/auth/sign-in')).status).toBe(404);
  expect(await (await other.call('GET', '/auth/session')).json()).toEqual({ isSignedIn: false, issuers: [] });
  await other.stop();
});
