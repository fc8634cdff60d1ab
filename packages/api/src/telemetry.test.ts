import { operations } from '@portfolio/core';
import { createRateCounter, type RateCounter } from '@portfolio/core/runtime/rate-limit';
import { access, cache, http, jobs, outbox, streams } from '@portfolio/core/telemetry/contract';
import type { AnyInstrument } from '@portfolio/core/telemetry/instrument';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { silentLog, user } from '../../../tests/support/services.ts';
import { simulateWorker } from '../../../tests/support/simulate-worker.ts';
import { recordTelemetry } from '../../../tests/support/telemetry.ts';
import { observeBacklog } from './backlog-telemetry.ts';
import { createClient } from './client.ts';

const anonymousPerMinute = 1_000_000;
const perMinute = 50;

let api: TestApi;
let key: string;
let counter: RateCounter;
let telemetry: ReturnType<typeof recordTelemetry>;
beforeAll(async () => {
  const late: { counter?: RateCounter } = {};
  const take: RateCounter['take'] = (...given) => late.counter!.take(...given);
  const rateLimits = {
    counter: { take } as RateCounter,
    perMinute,
    portfolioPerMinute: 100,
    anonymousPerMinute,
  };
  api = await testApi({ rateLimits, traceReads: 0 });
  counter = createRateCounter(api.db, silentLog);
  late.counter = counter;
  key = await api.issueKey('owner');
  const owner = api.as(user('owner'));
  await operations.portfolio.create.run(owner, { slug: 'team', name: 'Team' });
  await operations.caseStudy.create.run(owner, { portfolio: 'team', slug: 'faster', title: 'Faster' });
});
afterAll(async () => {
  await counter.close();
  await api.stop();
});
beforeEach(() => {
  telemetry = recordTelemetry('api');
});
afterEach(() => telemetry[Symbol.asyncDispose]());

/** The value of the series of an instrument whose line contains all parts. */
async function valueOf(instrument: AnyInstrument, ...parts: string[]): Promise<number | undefined> {
  const line = (await telemetry.series(instrument)).find((each) =>
    parts.every((part) => each.includes(part)),
  );
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

const acceptJob = async () =>
  (await operations.caseStudy.export.run(api.as(user('owner')), { portfolio: 'team', slug: 'faster' })).id;

const openSocket = async (headers: Record<string, string> = { authorization: `Bearer ${key}` }) => {
  const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/trpc`, { headers });
  await once(socket, 'open');
  return socket;
};

const call = (method: string, path: string, id = 1, input: object = {}) =>
  JSON.stringify({ id, method, params: { path, input } });

/** The number of requests, except those by which the tests make jobs. */
const countOfRequests = async () =>
  (await telemetry.series(http.requests))
    .filter((line) => line.includes('_count{') && !line.includes('"POST"'))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);

const counted = (...parts: string[]) => valueOf(http.operations, '_count', ...parts);

const marker = 'h0stile';
const random = () => `${marker}${randomBytes(6).toString('hex')}`;
/** Sends requests over one connection, one after the other, and resolves once all are answered. */
async function send(requests: string[]) {
  const socket = connect((api.server.server.address() as AddressInfo).port, '127.0.0.1');
  let answers = '';
  socket.on('data', (data) => (answers += String(data)));
  socket.on('error', () => {});
  socket.write(requests.join(''));
  await eventually(() => expect(answers.match(/HTTP\/1\.1 \d/g)).toHaveLength(requests.length));
  socket.destroy();
}
const many = <T>(count: number, make: () => T) => Array.from({ length: count }, make);
const request = (method: string, path: string) =>
  `${method} ${path} HTTP/1.1\r\nhost: ${random()}\r\ntraceparent: 00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01\r\n${random()}: ${random()}\r\n\r\n`;

describe('streams', () => {
  test('over each transport are counted while they are followed and when they end, and are no requests', async () => {
    const id = await acceptJob();
    const before = await countOfRequests();
    const sse = new AbortController();
    const response = await api.call('GET', `/api/v1/jobs/${id}/events`, { key, signal: sse.signal });
    const trpc = new AbortController();
    const input = encodeURIComponent(JSON.stringify({ id }));
    const followed = await api.call('GET', `/trpc/job.events?input=${input}`, {
      key,
      headers: { accept: 'text/event-stream' },
      signal: trpc.signal,
    });
    const reader = followed.body!.getReader();
    await reader.read();
    const socket = await openSocket();
    socket.send(call('subscription', 'job.events', 1, { id }));
    await once(socket, 'message');

    for (const transport of ['sse', 'trpc', 'websocket'])
      await eventually(async () => expect(await valueOf(streams.open, transport)).toBe(1));
    expect(await valueOf(streams.sockets)).toBe(1);
    sse.abort();
    trpc.abort();
    socket.close();
    await response.body!.cancel().catch(() => {});
    await reader.cancel().catch(() => {});
    for (const transport of ['sse', 'trpc', 'websocket']) {
      await eventually(async () => expect(await valueOf(streams.open, transport)).toBe(0));
      expect(await valueOf(streams.durations, '_count', transport)).toBe(1);
    }
    await eventually(async () => expect(await valueOf(streams.sockets)).toBe(0));
    expect(await countOfRequests()).toBe(before);
  });

  test('that are refused are requests', async () => {
    const before = (await valueOf(http.requests, '_count', '/events', '4xx')) ?? 0;
    await api.call('GET', '/api/v1/jobs/job_01kb00000000000000000000zz/events', { key });
    expect(await valueOf(http.requests, '_count', '/events', '4xx')).toBe(before + 1);
    expect(await valueOf(streams.durations, '_count', 'sse')).toBeUndefined();
  });

  test('tell how old an event was when it was sent', async () => {
    const id = await acceptJob();
    const worker = await simulateWorker(api, id);
    const socket = await openSocket();
    socket.send(call('subscription', 'job.events', 1, { id }));
    await once(socket, 'message');
    await worker.progress(0.5);
    await eventually(async () => expect(await valueOf(streams.freshness, '_count')).toBeGreaterThan(0));
    expect(await valueOf(streams.freshness, '_sum')).toBeLessThan(10);
    socket.close();
  });
});

describe('who is refused', () => {
  test.each([
    ['key', { authorization: 'Bearer pk_unknown' }],
    ['token', { authorization: 'Bearer x.y.z' }],
    ['session', { cookie: '__Host-session=unknown' }],
  ])('with an invalid %s is counted by it, each time', async (reason, headers: Record<string, string>) => {
    for (let times = 0; times < 2; times += 1) {
      const { status } = await api.call('GET', '/api/v1/portfolios', { headers });
      expect(status).toBe(401);
    }
    expect(await valueOf(access.failures, `reason="${reason}"`)).toBe(2);
  });

  test('without a valid credential has no span, and with one does', async () => {
    telemetry.forgetSpans();
    await api.call('GET', '/api/v1/portfolios', { headers: { authorization: 'Bearer pk_unknown' } });
    await api.call('POST', '/nowhere', { json: {} });
    await api.call('GET', '/api/v1/portfolios/nobodys', { key });
    const statuses = () =>
      telemetry.spans().flatMap(({ attributes }) => attributes['http.response.status_code'] ?? []);
    await eventually(async () => expect(statuses()).toEqual([404]));
  });

  test('as a page of another origin is counted, over HTTP and WebSocket', async () => {
    const headers = { cookie: '__Host-session=any', origin: 'https://elsewhere.example' };
    await api.call('POST', '/api/v1/portfolios', { headers, json: {} });
    await expect(openSocket(headers)).rejects.toThrow('403');
    expect(await valueOf(access.failures, 'reason="origin"')).toBe(2);
  });

  test('by a limit is counted by its policy', async () => {
    const spender = await api.issueKey('spender');
    for (let times = 0; times <= perMinute; times += 1)
      await api.call('GET', '/api/v1/portfolios', { key: spender });
    expect(await valueOf(access.limited, 'policy="credential"')).toBe(1);
  });
});

test('published reads are counted by where their answers came from', async () => {
  await api.call('GET', '/api/v1/portfolios?limit=7');
  await api.call('GET', '/api/v1/portfolios?limit=7');
  expect(await valueOf(cache.reads, 'database')).toBe(1);
  expect(await valueOf(cache.reads, 'memory')).toBe(1);
  expect(await valueOf(cache.bytes)).toBeGreaterThan(500);
});

describe('operations', () => {
  test('are recorded by name and outcome, and as spans below their request, of which refusals have not failed', async () => {
    await api.call('GET', '/api/v1/portfolios/team', { key });
    await api.call('GET', '/api/v1/portfolios/nobody', { key });
    expect(await counted('operation="portfolio.read"', 'outcome="ok"')).toBe(1);
    expect(await counted('operation="portfolio.read"', 'outcome="refused"')).toBe(1);
    const spans = telemetry.spans().filter(({ name }) => name === 'portfolio.read');
    const parents = telemetry.spans().filter(({ name }) => name === 'GET /api/v1/portfolios/:portfolio');
    expect(spans.map((span) => span.parentSpanContext?.spanId)).toEqual(
      parents.map((span) => span.spanContext().spanId),
    );
    expect(spans.map(({ status }) => status.code)).toEqual([0, 0]);
  });

  test('over a WebSocket have a trace for each call, which its error names', async () => {
    const socket = await openSocket();
    const answers: { error?: { data: { problem: { traceId: string } } } }[] = [];
    socket.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString()) as (typeof answers)[0]));
    for (const id of [1, 2]) socket.send(call('query', 'portfolio.read', id, { portfolio: 'nobody' }));
    await eventually(() => expect(answers).toHaveLength(2));
    const spans = telemetry.spans().filter(({ name }) => name === 'websocket portfolio.read');
    expect(new Set(answers.map(({ error }) => error!.data.problem.traceId))).toEqual(
      new Set(spans.map((span) => span.spanContext().traceId)),
    );
    expect(spans).toHaveLength(2);
    socket.close();
  });
});

test('anonymous reads over a WebSocket are recorded as over HTTP: a share of them, and all changes', async () => {
  const socket = await openSocket({});
  let answers = 0;
  socket.on('message', () => (answers += 1));
  telemetry.forgetSpans();
  socket.send(call('query', 'portfolio.read', 1, { portfolio: 'nobody' }));
  await eventually(() => expect(answers).toBe(1));
  expect(telemetry.spans()).toEqual([]);
  socket.send(call('mutation', 'portfolio.create', 2, {}));
  await eventually(() => expect(answers).toBe(2));
  expect(telemetry.spans().map(({ name }) => name)).toContain('websocket portfolio.create');
  socket.close();
});

describe('the backlog', () => {
  test('and the events that wait are read from the database when they are collected', async () => {
    const end = observeBacklog(api.db);
    await acceptJob();
    expect(await valueOf(jobs.backlog, 'export.pdf', 'due')).toBeGreaterThan(0);
    expect(await valueOf(jobs.oldest, 'export.pdf')).toBeGreaterThanOrEqual(0);
    expect(await valueOf(jobs.workersNeeded)).toBe(1);
    expect(await valueOf(outbox.events)).toBe(0);
    expect(await valueOf(outbox.oldest)).toBe(0);
    end();
    expect(await telemetry.series(jobs.backlog)).toEqual([]);
  });

  test('has no series while the database is unavailable', async () => {
    const away = {
      select: () => {
        throw new Error('unavailable');
      },
      with: () => {
        throw new Error('unavailable');
      },
    };
    const end = observeBacklog(away as unknown as TestApi['db']);
    for (const instrument of [jobs.backlog, jobs.oldest, jobs.workersNeeded, outbox.events])
      expect(await telemetry.series(instrument)).toEqual([]);
    expect(await valueOf(streams.sockets)).toBe(0);
    end();
  });
});

/** What everybody may cause: each kind of request. */
const flood = async (count: number) => {
  const odd = ['PROPFIND', 'MKCOL', 'PURGE', 'SEARCH', 'LOCK', 'REPORT', 'TRACE', 'OPTIONS'];
  await send(many(count, () => request('GET', `/${random()}/${random()}?${random()}`)));
  await send(odd.flatMap((method) => many(count / 10, () => request(method, `/${random()}`))));
  await send(many(count / 10, () => request('GET', `/api/v1/portfolios/${random()}`)));
  await send(many(count / 10, () => request('GET', `/trpc/${random()},${random()}?batch=1`)));
  await send(many(count / 10, () => request('GET', `/assets/%ff${random()}`)));
  for (const nonsense of many(10, random)) await send([request(nonsense, '/')]);
  const socket = await openSocket({});
  let answers = 0;
  socket.on('message', () => (answers += 1));
  const calls = many(50, () => call('query', random(), 1, { portfolio: random() }));
  for (const each of calls) socket.send(each);
  await eventually(() => expect(answers).toBe(calls.length));
  socket.close();
};

/** Without those of garbage collection, whose series begin whenever the first one of their kind occurs. */
const linesOf = (text: string) => text.split('\n').filter((line) => !line.includes('v8js_gc')).length;

describe('hostile clients', () => {
  test('make no further series, however many paths, methods, hosts, tenants, traces and procedures they name', async () => {
    await flood(10);
    const before = linesOf(await telemetry.text());
    await flood(1000);
    const text = await telemetry.text();
    expect(linesOf(text)).toBe(before);
    expect(text).not.toContain(marker);
    for (const { name } of telemetry.spans()) expect(name).not.toContain(marker);
  });
});

test('the typed client gets the trace id of a refusal', async () => {
  const client = createClient({ baseUrl: api.baseUrl, apiKey: key });
  await expect(client.portfolio.read.query({ portfolio: 'nobody' })).rejects.toMatchObject({
    data: { problem: { code: 'not_found', traceId: expect.stringMatching(/^[\da-f]{32}$/) as string } },
  });
});
