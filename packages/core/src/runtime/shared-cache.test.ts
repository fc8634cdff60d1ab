import { createClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { testProxy } from '../../../../tests/support/proxy.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { connectCache, hasValkey, openCache, startValkey } from '../../../../tests/support/valkey.ts';
import { type SharedCache, openSharedCache } from './shared-cache.ts';

const answer = (text: string, loadedAt = Date.now()) => ({ body: Buffer.from(text), headers: {}, loadedAt });

async function store(cache: SharedCache, key: string, portfolio: string | undefined, text: string) {
  await cache.write(key, (await cache.read(key, portfolio))!.state, answer(text));
}

const textOf = async (cache: SharedCache, key: string, portfolio: string | undefined) =>
  (await cache.read(key, portfolio))?.answer?.body.toString();

describe.skipIf(!hasValkey)('the shared cache (needs the Debian package redis-server)', () => {
  let server: Awaited<ReturnType<typeof startValkey>>;
  const parts = new AsyncDisposableStack();
  beforeAll(async () => {
    server = await startValkey();
    parts.defer(() => server.stop());
  });
  let caches: SharedCache[] = [];
  afterEach(async () => {
    for (const cache of caches) cache.close();
    caches = [];
    const client = await createClient({ url: server.url }).connect();
    await client.flushAll();
    client.destroy();
  });
  afterAll(() => parts.disposeAsync());

  /** The cache as one process opens it, connected. */
  async function open(url = server.url): Promise<SharedCache> {
    const cache = await connectCache(url);
    caches.push(cache);
    return cache;
  }

  test('returns to one process exactly what another has stored', async () => {
    const [one, other] = [await open(), await open()];
    const body = Buffer.from([0, 10, 13, 255]);
    const { state } = (await one.read('key', 'team'))!;
    await one.write('key', state, { body, headers: { etag: '"é"' }, loadedAt: 7 });
    expect((await other.read('key', 'team'))?.answer).toEqual({
      body,
      headers: { etag: '"é"' },
      loadedAt: 7,
    });
  });

  test('returns nothing of a changed portfolio and no list of portfolios, but still returns other portfolios', async () => {
    const [one, other] = [await open(), await open()];
    await store(one, 'team', 'team', 'of team');
    await store(one, 'crew', 'crew', 'of crew');
    await store(one, 'list', undefined, 'of all');
    one.changed('team');
    expect(await textOf(one, 'team', 'team')).toBeUndefined();
    expect(await textOf(other, 'team', 'team')).toBeUndefined();
    expect(await textOf(other, 'list', undefined)).toBeUndefined();
    expect(await textOf(other, 'crew', 'crew')).toBe('of crew');
  });

  test('never returns what was being loaded during a change', async () => {
    const [one, other] = [await open(), await open()];
    const { state } = (await one.read('key', 'team'))!;
    other.changed('team');
    expect(await textOf(other, 'key', 'team')).toBeUndefined();
    await one.write('key', state, answer('of before'));
    expect(await textOf(other, 'key', 'team')).toBeUndefined();
  });

  test('remains valid when a process starts, but not when one may have missed a change', async () => {
    const one = await open();
    await store(one, 'key', 'team', 'kept');
    const started = openCache(server.url);
    caches.push(started);
    started.changed(undefined);
    await eventually(async () => expect(await textOf(started, 'key', 'team')).toBe('kept'));
    started.changed(undefined);
    expect(await textOf(started, 'key', 'team')).toBeUndefined();
    expect(await textOf(one, 'key', 'team')).toBeUndefined();
  });

  test.each(['down', 'hang'] as const)(
    'behind a proxy that does “%s” is ignored, and later returns nothing from before a change that it missed',
    async (fault) => {
      const proxy = await testProxy(server.url);
      parts.defer(() => proxy.stop());
      const cache = await open(`redis://127.0.0.1:${proxy.port}`);
      await store(cache, 'changed', 'team', 'of before');
      proxy[fault]();
      await eventually(async () => expect(await cache.read('changed', 'team')).toBeUndefined());
      cache.changed('team');
      await cache.write('changed', '1.1', answer('not kept'));
      proxy.up();
      await eventually(async () => expect(await cache.read('changed', 'team')).toBeDefined());
      expect(await textOf(cache, 'changed', 'team')).toBeUndefined();
    },
  );

  test('stores no response that is too large', async () => {
    const cache = await open();
    await store(cache, 'key', 'team', 'x'.repeat(2 * 1024 * 1024));
    expect(await textOf(cache, 'key', 'team')).toBeUndefined();
  });
});

test('without CACHE_URL, there is no shared cache', () => {
  const settings = { CACHE_URL: undefined, CACHE_REPLICATION_GROUP: undefined, AWS_REGION: 'eu-central-1' };
  expect(openSharedCache(settings, silentLog)).toBeNull();
});
