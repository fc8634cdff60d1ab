import { operations } from '@portfolio/core';
import { type Actor, scopeSchema } from '@portfolio/core/actor';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import { createRateCounter, type RateCounter } from '@portfolio/core/runtime/rate-limit';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { silentLog, user } from '../../../tests/support/services.ts';
import { WebSocket } from 'ws';
import type { Authenticate } from './authenticate.ts';
import { Authenticator } from './authenticator.ts';

const portfolios = '/api/v1/portfolios';
const perMinute = 5;
const portfolioPerMinute = 7;
const anonymousPerMinute = 3;

/** The clock of the counter. Each test moves it to a new window. */
let time = Date.UTC(2026, 0, 1);
let api: TestApi;
let counter: RateCounter;
let ada: string;
let eve: string;
beforeAll(async () => {
  // The API is created before the counter, which needs its database.
  const late: { counter?: RateCounter } = {};
  const take: RateCounter['take'] = (...given) => late.counter!.take(...given);
  const rateLimits = { counter: { take } as RateCounter, perMinute, portfolioPerMinute, anonymousPerMinute };
  api = await testApi({ rateLimits, trustedProxyHops: 1 });
  counter = createRateCounter(api.db, silentLog, () => time);
  late.counter = counter;
  ada = await api.issueKey('ada');
  eve = await api.issueKey('eve');
});
afterAll(async () => {
  await counter.close();
  await api.stop();
});

const nextMinute = () => (time += 60_000 - (time % 60_000));

/** The statuses of consecutive calls. */
async function statuses(calls: number, init: Parameters<TestApi['call']>[2], path = portfolios) {
  const found: number[] = [];
  for (let at = 0; at < calls; at++) found.push((await api.call('GET', path, init)).status);
  return found;
}

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

describe('a credential', () => {
  test('has a limit, and each answer reports what is left of it', async () => {
    nextMinute();
    time += 15_000;
    const first = await api.call('GET', portfolios, { key: ada });
    expect(first.headers.get('ratelimit-policy')).toBe('"credential";q=5;w=60');
    expect(first.headers.get('ratelimit')).toBe('"credential";r=4;t=45');
    expect(await statuses(4, { key: ada })).toEqual([200, 200, 200, 200]);
    const refused = await api.call('GET', portfolios, { key: ada });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('45');
    expect(refused.headers.get('ratelimit')).toBe('"credential";r=0;t=45');
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(await refused.json()).toMatchObject({ code: 'too_many_requests', status: 429 });
  });

  test('counts against its subject, whatever the key and the address, and against no other subject', async () => {
    nextMinute();
    expect(await statuses(5, { key: ada, ...from('192.0.2.1') })).not.toContain(429);
    expect(await statuses(1, { key: await api.issueKey('ada'), ...from('192.0.2.2') })).toEqual([429]);
    expect(await statuses(1, { key: eve, ...from('192.0.2.1') })).toEqual([200]);
    expect(await statuses(1, from('192.0.2.1'))).toEqual([200]);
  });

  test('that is refused counts against its address, and not against valid ones and readers from there', async () => {
    nextMinute();
    expect(await statuses(1, { key: ada, ...from('192.0.2.3') })).toEqual([200]);
    expect(await statuses(4, { key: 'pk_unknown', ...from('192.0.2.3') })).toEqual([401, 401, 401, 429]);
    expect(await statuses(1, { key: ada, ...from('192.0.2.3') })).toEqual([200]);
    expect(await statuses(1, from('192.0.2.3'))).toEqual([200]);
  });
});

test('a caller can read what is left of its limits, which costs one operation', async () => {
  const key = await api.issueKey('reader of limits');
  const readLimits = async () => {
    const me = (await (await api.call('GET', '/api/v1/me', { key })).json()) as { limits: object[] };
    return me.limits;
  };
  const { limit, remaining } = (await readLimits())[0] as { limit: number; remaining: number };
  expect(remaining).toBe(limit - 1);
  const resetSeconds: unknown = expect.any(Number);
  expect(await readLimits()).toEqual([{ policy: 'credential', limit, remaining: limit - 2, resetSeconds }]);
});

describe('the keys of a portfolio', () => {
  test('have a limit together, beside that of each key', async () => {
    const { id: portfolioId } = await operations.portfolio.create.run(api.as(user('ada')), {
      slug: 'team',
      name: 'Team',
    });
    const about = { name: 'test', scopes: scopeSchema.options, expiresAt: null, portfolioId };
    const [one, two] = [await issueApiKey(api.db, about), await issueApiKey(api.db, about)];
    nextMinute();
    expect(await statuses(6, { key: one.secret })).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await statuses(3, { key: two.secret })).toEqual([200, 200, 429]);
    const refused = await api.call('GET', portfolios, { key: two.secret });
    expect(refused.headers.get('ratelimit-policy')).toBe('"portfolio";q=7;w=60');
    expect(await refused.text()).toContain('7 operations per minute of all keys of a portfolio');
    expect(await statuses(1, { key: ada })).toEqual([200]);
  });
});

/** A key that could exist. */
const madeUp = () => `pk_${randomBytes(32).toString('base64url')}`;

/** The result of calls, and the number of their queries for keys. */
async function lookUps(call: () => Promise<unknown>) {
  let count = 0;
  api.sql.options.debug = (_connection, query) => {
    if (/^select .* from "api_keys"/s.test(query)) count += 1;
  };
  const result = await call();
  api.sql.options.debug = false;
  return { result, count };
}

describe('no key is looked up', () => {
  test('for a credential that has spent its limit', async () => {
    nextMinute();
    await statuses(5, { key: ada });
    const spent = await lookUps(() => statuses(20, { key: ada }));
    expect(spent).toEqual({ result: Array(20).fill(429), count: 0 });
    const written = [`bearer ${ada}`, `BEARER ${ada}`, `Bearer  ${ada}`, `bEARER   ${ada}`];
    const rewritten = await lookUps(async () => {
      const found = [];
      for (const authorization of written)
        found.push(...(await statuses(1, { headers: { authorization, 'x-forwarded-for': '192.0.2.23' } })));
      return found;
    });
    expect(rewritten).toEqual({ result: Array(4).fill(429), count: 0 });
  });

  test('for ever new tokens of a subject that has spent its limit', async () => {
    nextMinute();
    const lookUp = vi.fn<Authenticate>(async () => user('grace'));
    const limits = { counter, perMinute, portfolioPerMinute, anonymousPerMinute };
    const authenticator = new Authenticator(lookUp, limits);
    const admit = (token: number) =>
      authenticator.admit(`Bearer ${token}`, '192.0.2.24', 1).then(
        () => 'admitted',
        (error: Error) => error.message,
      );
    for (let at = 0; at < perMinute; at++) expect(await admit(0)).toBe('admitted');
    for (let token = 1; token <= 20; token++) expect(await admit(token)).toContain('Rate limit exceeded');
    expect(lookUp).toHaveBeenCalledTimes(perMinute + anonymousPerMinute);
  });

  test('for an address with too many refused credentials, except for known ones', async () => {
    nextMinute();
    await statuses(1, { key: ada, ...from('192.0.2.20') });
    for (let at = 0; at < 3; at++) await statuses(1, { key: madeUp(), ...from('192.0.2.20') });
    const spent = await lookUps(async () => [
      ...(await statuses(1, { key: madeUp(), ...from('192.0.2.20') })),
      ...(await statuses(1, { key: madeUp(), ...from('192.0.2.20') }, batch(3))),
      ...(await statuses(1, { key: 'no.jw.t', ...from('192.0.2.20') })),
    ]);
    expect(spent).toEqual({ result: [429, 429, 429], count: 0 });
    const known = await lookUps(() => statuses(1, { key: ada, ...from('192.0.2.20') }));
    expect(known).toEqual({ result: [200], count: 1 });
  });

  test('for one that was refused a moment ago', async () => {
    nextMinute();
    const key = madeUp();
    const first = await lookUps(() => statuses(1, { key, ...from('192.0.2.21') }));
    expect(first).toEqual({ result: [401], count: 1 });
    const again = await lookUps(() => statuses(2, { key, ...from('192.0.2.21') }));
    expect(again).toEqual({ result: [401, 401], count: 0 });
  });

  test('twice for one that many requests present at once', async () => {
    const found = Promise.withResolvers<Actor>();
    const lookUp = vi.fn<Authenticate>(() => found.promise);
    const authenticator = new Authenticator(lookUp);
    const admitted = Array.from({ length: 5 }, () => authenticator.admit('Bearer x', '192.0.2.1', 1));
    found.resolve(user('grace'));
    expect((await Promise.all(admitted)).map(({ actor }) => actor)).toEqual(Array(5).fill(user('grace')));
    expect(lookUp).toHaveBeenCalledOnce();
    await authenticator.admit('Bearer x', '192.0.2.1', 1);
    expect(lookUp).toHaveBeenCalledTimes(2);
  });

  test('for calls over WebSocket beyond the limit, whatever one message holds', async () => {
    nextMinute();
    const key = madeUp();
    const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/trpc?connectionParams=1`, {
      headers: { 'x-forwarded-for': '192.0.2.22' },
    });
    const codes: string[] = [];
    type Refusal = { error: { data: { problem: { code: string } } } };
    socket.on('message', (data: Buffer) =>
      codes.push((JSON.parse(data.toString()) as Refusal).error.data.problem.code),
    );
    await once(socket, 'open');
    socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: `Bearer ${key}` } }));
    const calls = Array.from({ length: 100 }, (_, id) => ({
      id,
      method: 'query',
      params: { path: 'job.list' },
    }));
    const send = () =>
      lookUps(async () => {
        socket.send(JSON.stringify(calls));
        await eventually(() => expect(codes).toHaveLength(100));
        return new Set(codes.splice(0));
      });
    expect(await send()).toEqual({ result: new Set(['unauthenticated']), count: 1 });
    expect(await send()).toEqual({ result: new Set(['too_many_requests']), count: 0 });
    const closed = once(socket, 'close');
    socket.send(JSON.stringify(Array.from({ length: 900 }, () => calls[0])));
    expect((await closed)[0]).toBe(1008);
    expect(codes).toEqual([]);
  });
});

describe('an address', () => {
  test('has its own limit, and is the one that the proxy reports, not one that the client claims', async () => {
    nextMinute();
    const spoofed = ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4'];
    const found = [];
    for (const claim of spoofed) found.push(...(await statuses(1, from(`${claim}, 192.0.2.4`))));
    expect(found).toEqual([200, 200, 200, 429]);
    expect(await statuses(1, from('192.0.2.5'))).toEqual([200]);
  });

  test('of IPv6 counts as its /64, and one of IPv4 is the same in both notations', async () => {
    nextMinute();
    const one = ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', '2001:0DB8:0:1::3', '2001:db8:0:1::4'];
    const found = [];
    for (const address of one) found.push(...(await statuses(1, from(address))));
    expect(found).toEqual([200, 200, 200, 429]);
    expect(await statuses(1, from('2001:db8:0:2::1'))).toEqual([200]);
    expect(await statuses(3, from('192.0.2.6'))).not.toContain(429);
    expect(await statuses(1, from('::ffff:192.0.2.6'))).toEqual([429]);
  });
});

const batch = (calls: number) =>
  `/trpc/${Array.from({ length: calls }, () => 'portfolio.list').join(',')}?batch=1&input=%7B%7D`;

describe('a batch', () => {
  test('costs as much as its calls, however its address is encoded', async () => {
    nextMinute();
    expect(await statuses(1, { key: ada }, batch(4))).toEqual([200]);
    expect(await statuses(1, { key: ada }, batch(2).replaceAll(',', '%2C'))).toEqual([429]);
    expect(await statuses(2, { key: ada }, batch(1))).toEqual([200, 429]);
  });

  test('has no calls in an address that is encoded twice', async () => {
    nextMinute();
    const path = batch(100).replaceAll(',', '%252C');
    expect(await statuses(1, { key: ada }, path)).toEqual([404]);
    expect(await statuses(1, from('192.0.2.30'), path)).toEqual([404]);
  });

  test('over the limit is refused in the format of tRPC', async () => {
    nextMinute();
    const response = await api.call('GET', batch(6), { key: ada });
    expect(response.headers.get('retry-after')).toBe('60');
    expect(await response.json()).toMatchObject({
      error: { data: { httpStatus: 429, problem: { code: 'too_many_requests' } } },
    });
  });
});

test('health checks and the OpenAPI document are not limited', async () => {
  nextMinute();
  for (const path of ['/healthz', '/readyz', '/api/openapi.json']) {
    expect(await statuses(5, from('192.0.2.7'), path)).not.toContain(429);
  }
});

test('a request with a partly encoded address counts like any other', async () => {
  nextMinute();
  expect(await statuses(4, from('192.0.2.8'), '/%61pi/v1/portfolios')).toEqual([200, 200, 200, 429]);
});

test('without trusted proxies, X-Forwarded-For is ignored', async () => {
  const rateLimits = {
    counter: createRateCounter(api.db, silentLog, () => time),
    perMinute: 100,
    portfolioPerMinute: 100,
    anonymousPerMinute: 2,
  };
  nextMinute();
  const direct = await testApi({ rateLimits });
  const found: number[] = [];
  for (const claim of ['192.0.2.9', '192.0.2.10', '192.0.2.11']) {
    found.push((await direct.call('GET', portfolios, from(claim))).status);
  }
  expect(found).toEqual([200, 200, 429]);
  await rateLimits.counter.close();
  await direct.stop();
});
