import type { ErrorCode } from '@portfolio/core/errors';
import { TRPCClientError, createTRPCClient } from '@trpc/client';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { simulateWorker } from '../../../tests/support/simulate-worker.ts';
import { testProxy } from '../../../tests/support/proxy.ts';
import { LiveSocket } from './client/live-socket.ts';
import { subscriptionLink } from './client/subscriptions.ts';
import {
  type AppRouter,
  type Client,
  type Outputs,
  createClient,
  isTemporary,
  problemOf,
  result,
} from './client.ts';

const study = { portfolio: 'team', slug: 'faster' };

let api: TestApi;
let apiKey: string;
beforeAll(async () => {
  api = await testApi();
  apiKey = await api.issueKey('owner');
  await client().portfolio.create.mutate({ slug: 'team', name: 'Team' });
  await client().caseStudy.create.mutate({ ...study, title: 'Faster' });
});
afterAll(() => api.stop());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const client = (options: Partial<Parameters<typeof createClient>[0]> = {}) =>
  createClient({ baseUrl: api.baseUrl, apiKey, ...options });

const createKeyed = (slug: string, context = {}) =>
  client().portfolio.create.mutate({ slug, name: 'Keyed' }, { context });

type Requests = { mock: { calls: Parameters<typeof fetch>[] } };

const headersOf = (name: string, { mock }: Requests) =>
  mock.calls.map(([, init]) => new Headers(init?.headers).get(name));

const keysOf = (requests: Requests) => headersOf('idempotency-key', requests);
const tracesOf = (requests: Requests) => headersOf('traceparent', requests);

const readTeam = (by: Client) => result(by.portfolio.read.query({ portfolio: 'team' }));

/** An error answer of the API, in a batch of one. */
function refusal(code: ErrorCode, status: number, headers: Record<string, string> = {}): Response {
  const problem = { type: '', title: '', status, detail: 'No.', code };
  const error = { code: -32_000, message: 'No.', data: { code: 'X', httpStatus: status, problem } };
  return Response.json([{ error }], { status, headers });
}

const failures: [string, () => Promise<Response>][] = [
  ['a connection that fails', () => Promise.reject(new TypeError('fetch failed'))],
  ['a proxy that answers with a page', async () => new Response('<h1>502</h1>', { status: 502 })],
  ['a proxy that answers with JSON', async () => Response.json({ message: 'Bad gateway' }, { status: 502 })],
  ['an internal server error', async () => refusal('internal', 500)],
  ['an unavailable server', async () => refusal('unavailable', 503)],
  ['an exceeded rate limit', async () => refusal('too_many_requests', 429)],
];

describe('a query', () => {
  test.each(failures)('is retried after %s', async (_, fail) => {
    const requests = vi.spyOn(globalThis, 'fetch').mockImplementationOnce(fail);
    expect(await readTeam(client())).toMatchObject({ data: { slug: 'team' }, error: null });
    expect(requests).toHaveBeenCalledTimes(2);
  });

  test.each(failures)('fails with %s once its retries are exhausted', async (_, fail) => {
    const requests = vi.spyOn(globalThis, 'fetch').mockImplementation(fail);
    const { data, error } = await readTeam(client({ retries: 1 }));
    expect(data).toBeNull();
    expect(error?.code).toMatch(/^(unreachable|internal|unavailable|too_many_requests)$/);
    expect(requests).toHaveBeenCalledTimes(2);
  });

  test.each([
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not_found', 404],
    ['conflict', 409],
    ['precondition_failed', 412],
    ['invalid_input', 422],
  ] as const)('that is refused (%s) is not retried', async (code, status) => {
    const requests = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => refusal(code, status));
    expect(await readTeam(client())).toMatchObject({ data: null, error: { code, status } });
    expect(requests).toHaveBeenCalledOnce();
  });

  test('waits for the time in Retry-After', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const limited = refusal('too_many_requests', 429, { 'retry-after': '30' });
    const requests = vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(limited);
    const read = readTeam(client());
    await vi.advanceTimersByTimeAsync(0);
    while (vi.getTimerCount() === 0) await new Promise(setImmediate);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(requests).toHaveBeenCalledOnce();
    await vi.runAllTimersAsync();
    expect((await read).error).toBeNull();
    expect(requests).toHaveBeenCalledTimes(2);
  });

  test('fails instead of waiting for more than a minute', async () => {
    const limited = refusal('too_many_requests', 429, { 'retry-after': '3600' });
    vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(limited);
    expect(await readTeam(client())).toMatchObject({ error: { code: 'too_many_requests' } });
  });

  test('without an answer in time fails with timeout', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const baseUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { error } = await readTeam(client({ baseUrl, timeoutSeconds: 0.05, retries: 0 }));
    expect(error?.code).toBe('timeout');
    expect(error).not.toHaveProperty('status');
    silent.close();
  });
});

describe('an aborted call', () => {
  test('ends immediately while it waits for a retry', async () => {
    const given = new AbortController();
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      setImmediate(() => given.abort());
      return refusal('too_many_requests', 429, { 'retry-after': '60' });
    });
    const read = client().portfolio.read.query({ portfolio: 'team' }, { signal: given.signal });
    expect((await result(read)).error?.code).toBe('aborted');
  });

  test('ends immediately in a batch, without an effect on the other calls', async () => {
    const { resolve, promise: gate } = Promise.withResolvers<void>();
    const { fetch } = globalThis;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (...request) => {
      await gate;
      return fetch(...request);
    });
    const by = client();
    const given = new AbortController();
    const read = result(by.portfolio.read.query({ portfolio: 'team' }, { signal: given.signal }));
    const other = readTeam(by);
    given.abort();
    expect((await read).error?.code).toBe('aborted');
    resolve();
    expect((await other).error).toBeNull();
  });

  test('is not sent when it was aborted before', async () => {
    const requests = vi.spyOn(globalThis, 'fetch');
    const write = client().portfolio.create.mutate(
      { slug: 'never', name: 'Never' },
      { signal: AbortSignal.abort() },
    );
    expect((await result(write)).error?.code).toBe('aborted');
    expect(requests).not.toHaveBeenCalled();
  });
});

describe('a mutation', () => {
  test('whose answer is lost takes effect once, and the retry gets its answer', async () => {
    const proxy = await testProxy(api.baseUrl);
    const requests = vi.spyOn(globalThis, 'fetch');
    proxy.loseNextAnswer();
    const created = await client({ baseUrl: proxy.baseUrl }).portfolio.create.mutate({
      slug: 'once',
      name: 'Once',
    });
    expect(created.slug).toBe('once');
    const [first, second, ...more] = keysOf(requests);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(second).toBe(first);
    expect(more).toEqual([]);
    await proxy.stop();
  });

  test('has its own idempotency key, or the one that its caller sets', async () => {
    const requests = vi.spyOn(globalThis, 'fetch');
    await createKeyed('keyed-1');
    await createKeyed('keyed-2');
    const named = await createKeyed('keyed-3', { idempotencyKey: 'import-7' });
    expect(await createKeyed('keyed-3', { idempotencyKey: 'import-7' })).toEqual(named);
    const [first, second, ...callers] = keysOf(requests);
    expect(second).not.toBe(first);
    expect(callers).toEqual(['import-7', 'import-7']);
  });
});

describe('the trace of a call', () => {
  test('is of that call alone, and its retries share it', async () => {
    const requests = vi.spyOn(globalThis, 'fetch').mockRejectedValueOnce(new TypeError('fetch failed'));
    await readTeam(client());
    await createKeyed('traced');
    const [first, retry, other, ...more] = tracesOf(requests);
    expect(first).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(retry).toBe(first);
    expect(other).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(other!.slice(3, 35)).not.toBe(first!.slice(3, 35));
    expect(more).toEqual([]);
  });

  test('is the one that its caller sets', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const requests = vi.spyOn(globalThis, 'fetch');
    await client().portfolio.read.query({ portfolio: 'team' }, { context: { traceparent } });
    expect(tracesOf(requests)).toEqual([traceparent]);
  });
});

describe('an error', () => {
  test('of the API has the invalid fields, and TypeScript narrows it by its code', async () => {
    const { error } = await result(client().portfolio.create.mutate({ slug: 'Not a slug', name: 'X' }));
    expect(error?.code === 'invalid_input' && error.errors.map(({ pointer }) => pointer)).toEqual(['/slug']);
  });

  test('that is not of a call is thrown unchanged', async () => {
    const cause = new Error('No token today');
    const keyless = client({ apiKey: () => Promise.reject(cause), retries: 0 });
    await expect(readTeam(keyless)).rejects.toMatchObject({ cause });
    expect(problemOf(new TypeError('x is undefined'))).toBeNull();
    expect(isTemporary(new TypeError('x is undefined'))).toBe(false);
  });

  test('of a subscription has the same form', async () => {
    const error = await firstError(client(), 'job_00000000000000000000000000');
    expect(problemOf(error)?.code).toBe('not_found');
  });
});

describe('a key that is a function', () => {
  test('is called for each request', async () => {
    const keys = ['pk_unknown', apiKey];
    const by = client({ apiKey: async () => keys.shift()! });
    expect((await readTeam(by)).error?.code).toBe('unauthenticated');
    expect((await readTeam(by)).error).toBeNull();
  });

  test('renews the refused credential of a subscription, while a constant key ends it', async () => {
    const id = await acceptJob();
    const keys = ['pk_expired', apiKey];
    const { seen, stop } = watch(client({ apiKey: () => keys.shift() ?? apiKey }), id);
    await eventually(() => expect(seen).toEqual(['snapshot 1']));
    stop();
    const error = await firstError(client({ apiKey: 'pk_expired' }), id);
    expect(problemOf(error)?.code).toBe('unauthenticated');
    const unlucky = await firstError(client({ apiKey: () => 'pk_expired' }), id);
    expect(problemOf(unlucky)?.code).toBe('unauthenticated');
  });
});

type Item = Outputs['job']['events'] extends AsyncIterable<infer I> ? I : never;

function watch(by: Client, id: string, onState: (state: string) => void = () => {}) {
  const seen: string[] = [];
  const { resolve, reject, promise: done } = Promise.withResolvers<void>();
  const { unsubscribe: stop } = by.job.events.subscribe(
    { id },
    {
      onData: ({ data }: Item) =>
        seen.push(data.type === 'snapshot' ? `snapshot ${data.job.lastSeq}` : `event ${data.event.seq}`),
      onConnectionStateChange: ({ state }) => onState(state),
      onComplete: resolve,
      onError: reject,
    },
  );
  return { seen, done, stop };
}

function firstError(by: Client, id: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    by.job.events.subscribe({ id }, { onError: resolve, onComplete: () => reject(new Error('It ended.')) });
  });
}

const acceptJob = async () => (await client().caseStudy.export.mutate(study)).id;

describe('a subscription', () => {
  test('resumes after the network failed, without gap or repetition', async () => {
    const proxy = await testProxy(api.baseUrl);
    const id = await acceptJob();
    const { seen, done } = watch(client({ baseUrl: proxy.baseUrl }), id);
    await eventually(() => expect(seen).toEqual(['snapshot 1']));
    const worker = await simulateWorker(api, id);
    await eventually(() => expect(seen).toHaveLength(2));

    proxy.down();
    await worker.progress(0.2);
    await eventually(() => expect(proxy.refusals()).toBeGreaterThan(1));
    await worker.progress(0.3);
    proxy.up();
    await eventually(() => expect(seen).toHaveLength(4));

    proxy.cut();
    await worker.succeed();
    await done;
    expect(seen).toEqual(['snapshot 1', 'event 2', 'event 3', 'event 4', 'event 5']);
    await proxy.stop();
  });

  test('that the server ends with a temporary error resumes after the last item', async () => {
    const id = await acceptJob();
    const { seen, done } = watch(client(), id);
    await eventually(() => expect(seen).toEqual(['snapshot 1']));
    const subscribe = vi
      .spyOn(api.services.jobFeed, 'watchJob')
      .mockRejectedValueOnce(new Error('Unavailable'));
    // The first attempt of the second subscription fails; the first subscription is not affected.
    const other = await acceptJob();
    const second = watch(client(), other);
    await eventually(() => expect(second.seen).toEqual(['snapshot 1']));
    expect(subscribe).toHaveBeenCalledTimes(2);
    await (await simulateWorker(api, id)).succeed();
    await (await simulateWorker(api, other)).succeed();
    await Promise.all([done, second.done]);
    expect(seen).toEqual(['snapshot 1', 'event 2', 'event 3']);
    expect(second.seen).toEqual(seen);
  });

  test('notices a server that is silent without waiting for it, and resumes', async () => {
    const proxy = await testProxy(api.baseUrl);
    const id = await acceptJob();
    const life = { intervalMs: 200, pongTimeoutMs: 200 };
    const link = subscriptionLink(`${proxy.baseUrl}/trpc`, async () => `Bearer ${apiKey}`, life);
    const states: string[] = [];
    const { seen, done } = watch(createTRPCClient<AppRouter>({ links: [link] }), id, (state) =>
      states.push(state),
    );
    await eventually(() => expect(seen).toEqual(['snapshot 1']));
    const before = performance.now();
    states.length = 0;
    proxy.hang();
    await eventually(() => expect(states).toContain('connecting'));
    // The library alone waits for the other end to confirm the close.
    expect(performance.now() - before).toBeLessThan(5000);
    const worker = await simulateWorker(api, id);
    expect(seen).toEqual(['snapshot 1']);
    proxy.up();
    await eventually(() => expect(seen).toEqual(['snapshot 1', 'event 2']));
    await worker.succeed();
    await done;
    expect(seen).toEqual(['snapshot 1', 'event 2', 'event 3']);
    await proxy.stop();
  });

  test('ends without an error when its caller aborts it', async () => {
    const id = await acceptJob();
    const given = new AbortController();
    const ended = new Promise<void>((resolve, reject) => {
      const onData = () => given.abort();
      const watcher = { onData, onComplete: resolve, onError: reject, signal: given.signal };
      client().job.events.subscribe({ id }, watcher);
    });
    await expect(ended).resolves.toBeUndefined();
  });
});

test('a connection that does not open within ten seconds counts as failed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const socket = new LiveSocket(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  const seen: string[] = [];
  for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => seen.push(type));
  await vi.advanceTimersByTimeAsync(9999);
  expect(seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen).toEqual(['error', 'close']);
  socket.close();
  silent.close();
  expect(seen).toEqual(['error', 'close']);
});

test('errors of the typed client are errors of tRPC', async () => {
  await expect(client().job.read.query({ id: 'job_1' })).rejects.toBeInstanceOf(TRPCClientError);
});
