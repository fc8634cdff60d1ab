import type { SharedCache } from '@portfolio/core/runtime/shared-cache';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { testProxy } from '../../../tests/support/proxy.ts';
import { connectCache, hasValkey, startValkey } from '../../../tests/support/valkey.ts';
import { createPublishedCache } from './published-cache.ts';

class Outage extends Error {}

function testCache(shared: SharedCache | null = null) {
  const cache = createPublishedCache((error) => error instanceof Outage, shared);
  let loads = 0;
  let answer: () => Promise<string> = async () => `load ${loads}`;
  return {
    changed: cache.changed,
    loads: () => loads,
    answerWith: (next: () => Promise<string>) => void (answer = next),
    async read(key = 'key', portfolio: string | null = 'team') {
      const { body, source, ageSeconds } = await cache.read(key, portfolio ?? undefined, async () => {
        loads += 1;
        return { body: Buffer.from(await answer()), headers: {} };
      });
      return { text: body.toString(), source, ...(ageSeconds !== undefined && { ageSeconds }) };
    },
  };
}

afterEach(() => vi.useRealTimers());

describe('the cache of published reads', () => {
  test('loads an answer once, then serves it from memory', async () => {
    const { read, loads } = testCache();
    expect(await read()).toEqual({ text: 'load 1', source: 'database' });
    expect(await read()).toEqual({ text: 'load 1', source: 'memory' });
    expect(loads()).toBe(1);
  });

  test('loads an answer once for concurrent readers', async () => {
    const { read, loads } = testCache();
    await Promise.all([read(), read(), read()]);
    expect(loads()).toBe(1);
  });

  test.each([['team'], [undefined]])('loads an answer again after a change of %s', async (changed) => {
    const cache = testCache();
    await cache.read();
    cache.changed(changed);
    expect(await cache.read()).toEqual({ text: 'load 2', source: 'database' });
  });

  test('keeps answers of other portfolios after a change, but no list of all portfolios', async () => {
    const cache = testCache();
    await cache.read('one', 'team');
    await cache.read('all', null);
    cache.changed('other');
    expect(await cache.read('one', 'team')).toMatchObject({ source: 'memory' });
    expect(await cache.read('all', null)).toMatchObject({ source: 'database' });
  });

  test('neither stores an answer that changed while it was loaded, nor serves it to later readers', async () => {
    const cache = testCache();
    const old = Promise.withResolvers<string>();
    cache.answerWith(() => old.promise);
    const early = cache.read();
    cache.changed('team');
    cache.answerWith(async () => 'new');
    const late = cache.read();
    old.resolve('old');
    expect(await late).toMatchObject({ text: 'new' });
    expect(await early).toMatchObject({ text: 'old' });
    expect(await cache.read()).toEqual({ text: 'new', source: 'memory' });
  });

  test('does not store errors', async () => {
    const cache = testCache();
    cache.answerWith(async () => Promise.reject(new Error('not found')));
    await expect(cache.read()).rejects.toThrow('not found');
    cache.answerWith(async () => 'there now');
    expect(await cache.read()).toMatchObject({ text: 'there now' });
  });

  test('loads an answer again after some seconds, in case that it missed a change', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const cache = testCache();
    await cache.read();
    vi.setSystemTime(Date.now() + 11_000);
    expect(await cache.read()).toEqual({ text: 'load 2', source: 'database' });
  });

  test('serves an older answer with its age while the database is unavailable', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const cache = testCache();
    await cache.read();
    vi.setSystemTime(Date.now() + 3_600_000);
    cache.answerWith(async () => Promise.reject(new Outage()));
    expect(await cache.read()).toEqual({ text: 'load 1', source: 'memory', ageSeconds: 3600 });
    expect(await cache.read()).toEqual({ text: 'load 1', source: 'memory', ageSeconds: 3600 });
    expect(cache.loads()).toBe(2);
    await expect(cache.read('never read')).rejects.toThrow(Outage);
  });

  test('does not serve an older answer after a change', async () => {
    const cache = testCache();
    await cache.read();
    cache.changed('team');
    cache.answerWith(async () => Promise.reject(new Outage()));
    await expect(cache.read()).rejects.toThrow(Outage);
  });

  test('serves an older answer while the database does not respond', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const cache = testCache();
    await cache.read();
    vi.setSystemTime(Date.now() + 60_000);
    cache.answerWith(() => new Promise(() => {}));
    expect(await cache.read()).toEqual({ text: 'load 1', source: 'memory', ageSeconds: 60 });
  });

  test('is bounded in size, and evicts the least recently used answer', async () => {
    const cache = testCache();
    cache.answerWith(async () => 'x'.repeat(8 * 1024 * 1024));
    for (let at = 0; at < 9; at++) await cache.read(`key ${at}`);
    expect(await cache.read('key 8')).toMatchObject({ source: 'memory' });
    expect(await cache.read('key 0')).toMatchObject({ source: 'database' });
  });
});

const old = () => ({ body: Buffer.from('old'), headers: {}, loadedAt: Date.now() - 60_000 });

describe.skipIf(!hasValkey)('a cache that processes share (needs the Debian package redis-server)', () => {
  const parts = new AsyncDisposableStack();
  afterAll(() => parts.disposeAsync());
  let url: string;
  beforeAll(async () => {
    ({ url } = parts.adopt(await startValkey(), (server) => server.stop()));
  });
  const connect = async (to = url) => parts.adopt(await connectCache(to), (cache) => cache.close());

  test('serves a process that has not loaded anything yet', async () => {
    await testCache(await connect()).read('kept', 'kept');
    const shared = await connect();
    await eventually(async () =>
      expect(await testCache(shared).read('kept', 'kept')).toEqual({ text: 'load 1', source: 'shared' }),
    );
  });

  test('serves an older answer only while the database is unavailable', async () => {
    const shared = await connect();
    await shared.write('old', (await shared.read('old', 'old'))!.state, old());
    const cache = testCache(shared);
    cache.answerWith(async () => Promise.reject(new Outage()));
    expect(await cache.read('old', 'old')).toEqual({ text: 'old', source: 'shared', ageSeconds: 60 });
    expect(await testCache(shared).read('old', 'old')).toEqual({ text: 'load 1', source: 'database' });
  });

  test('serves no answer from before a change while the database is unavailable', async () => {
    const shared = await connect();
    await shared.write('changed', (await shared.read('changed', 'changed'))!.state, old());
    const cache = testCache(shared);
    cache.changed('changed');
    cache.answerWith(async () => Promise.reject(new Outage()));
    await expect(cache.read('changed', 'changed')).rejects.toThrow(Outage);
  });

  test('is skipped while it is unavailable itself', async () => {
    const proxy = parts.adopt(await testProxy(url), (open) => open.stop());
    const cache = testCache(await connect(`redis://127.0.0.1:${proxy.port}`));
    proxy.down();
    expect(await cache.read()).toEqual({ text: 'load 1', source: 'database' });
  });
});

describe('readers and a writer', () => {
  readersAndWriter(false);
});
describe.skipIf(!hasValkey)(
  'readers and a writer of processes that share a cache (needs the Debian package redis-server)',
  () => {
    readersAndWriter(true);
  },
);

function readersAndWriter(isShared: boolean) {
  const parts = new AsyncDisposableStack();
  let api: TestApi;
  let other: TestApi;
  let key: string;
  const path = '/api/v1/portfolios/team/case-studies/busy';

  beforeAll(async () => {
    const server = isShared ? parts.adopt(await startValkey(), (running) => running.stop()) : undefined;
    const connect = async (url: string) => parts.adopt(await connectCache(url), (cache) => cache.close());
    const caches = server ? [await connect(server.url), await connect(server.url)] : [];
    api = await testApi({ sharedCache: caches[0] });
    other = await testApi({ databaseUrl: api.databaseUrl, sharedCache: caches[1] });
    key = await api.issueKey('owner');
    await api.call('POST', '/api/v1/portfolios', { key, json: { slug: 'team', name: 'Team' } });
    await api.call('POST', '/api/v1/portfolios/team/case-studies', {
      key,
      json: { slug: 'busy', title: 'Busy' },
    });
    await api.call('POST', `${path}/publish`, { key, headers: { 'if-match': '*' } });
  });
  afterAll(async () => {
    await other.stop();
    await api.stop();
    await parts.disposeAsync();
  });

  type Read = { version: number; from: string | null };
  async function read(server: TestApi, credential?: string): Promise<Read> {
    const response = await server.call('GET', path, credential ? { key: credential } : {});
    const { version } = (await response.json()) as { version: number };
    expect(response.headers.get('etag')).toBe(`"${version}"`);
    return { version, from: response.headers.get('cache-status') };
  }

  async function write(): Promise<number> {
    const init = { key, headers: { 'if-match': '*' }, json: { summary: crypto.randomUUID() } };
    return ((await (await api.call('PATCH', path, init)).json()) as { version: number }).version;
  }

  test('no read is older than a write that was confirmed before, or than an earlier read of the same reader', async () => {
    let confirmed = 0;
    const writing = new AbortController();
    const sources = new Set<string | null>();
    async function readRepeatedly(server: TestApi, credential?: string) {
      let seen = 0;
      while (!writing.signal.aborted) {
        const atLeast = Math.max(seen, confirmed);
        const { version, from } = await read(server, credential);
        sources.add(from);
        expect(version).toBeGreaterThanOrEqual(atLeast);
        seen = version;
      }
    }
    const readers = [
      readRepeatedly(api),
      readRepeatedly(api),
      readRepeatedly(api, key),
      readRepeatedly(other, key),
    ];
    for (let at = 0; at < 60; at++) confirmed = await write();
    writing.abort();
    await Promise.all(readers);
    expect(sources).toContain('portfolio-api; hit');
  });

  test('another process is notified of a write', async () => {
    await read(other);
    expect(await read(other)).toMatchObject({ from: 'portfolio-api; hit' });
    const version = await write();
    await eventually(async () => expect((await read(other)).version).toBe(version));
  });

  test('an unpublished case study is not served any more', async () => {
    expect((await api.call('GET', path)).status).toBe(200);
    const withdrawn = await api.call('POST', `${path}/unpublish`, { key, headers: { 'if-match': '*' } });
    expect(withdrawn.status).toBe(200);
    expect((await api.call('GET', path)).status).toBe(404);
  });

  test('a reader with the current ETag gets 304 without a body', async () => {
    await api.call('POST', `${path}/publish`, { key, headers: { 'if-match': '*' } });
    for (const address of [path, '/api/v1/portfolios/team/case-studies', '/api/v1/portfolios']) {
      const first = await api.call('GET', address);
      const again = await api.call('GET', address, {
        headers: { 'if-none-match': first.headers.get('etag')! },
      });
      expect(again.status).toBe(304);
      expect(await again.text()).toBe('');
    }
  });
}
