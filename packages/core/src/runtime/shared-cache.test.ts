import { createClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { testProxy } from '../../../../tests/support/proxy.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { connectCache, hasValkey, openCache, startValkey } from '../../../../tests/support/valkey.ts';
import { type SharedCache, openSharedCache } from './shared-cache.ts';

const answer = (text: string, loadedAt = Date.now()) => ({ body: Buffer.from(text), headers: {}, loadedAt });

async function keep(cache: SharedCache, key: string, portfolio: string | undefined, text: string) {
  await cache.write(key, (await cache.read(key, portfolio))!.state, answer(text));
}

const textOf = async (cache: SharedCache, key: string, portfolio: string | undefined) =>
  (await cache.read(key, portfolio))?.answer?.body.toString();

describe.skipIf(!hasValkey)('the cache that processes share (needs the Debian package redis-server)', () => {
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

  /** What a process has of it, connected. */
  async function open(url = server.url): Promise<SharedCache> {
    const cache = await connectCache(url);
    caches.push(cache);
    return cache;
  }

  test('gives one process what another has loaded, to the byte', async () => {
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

  test('gives nothing of a portfolio that has changed, nor a list of all, and goes on with the others', async () => {
    const [one, other] = [await open(), await open()];
    await keep(one, 'team', 'team', 'of team');
    await keep(one, 'crew', 'crew', 'of crew');
    await keep(one, 'list', undefined, 'of all');
    one.changed('team');
    expect(await textOf(one, 'team', 'team')).toBeUndefined();
    expect(await textOf(other, 'team', 'team')).toBeUndefined();
    expect(await textOf(other, 'list', undefined)).toBeUndefined();
    expect(await textOf(other, 'crew', 'crew')).toBe('of crew');
  });

  test('never shows what was being loaded while it changed', async () => {
    const [one, other] = [await open(), await open()];
    const { state } = (await one.read('key', 'team'))!;
    other.changed('team');
    expect(await textOf(other, 'key', 'team')).toBeUndefined();
    await one.write('key', state, answer('of before'));
    expect(await textOf(other, 'key', 'team')).toBeUndefined();
  });

  test('goes on for others when a process starts, and not when one may have missed a change', async () => {
    const one = await open();
    await keep(one, 'key', 'team', 'kept');
    const started = openCache(server.url);
    caches.push(started);
    started.changed(undefined);
    await eventually(async () => expect(await textOf(started, 'key', 'team')).toBe('kept'));
    started.changed(undefined);
    expect(await textOf(started, 'key', 'team')).toBeUndefined();
    expect(await textOf(one, 'key', 'team')).toBeUndefined();
  });

  test.each(['down', 'mute'] as const)(
    'that is %s is passed over, and shows nothing of before a change that it was not told of',
    async (fault) => {
      const proxy = await testProxy(server.url);
      parts.defer(() => proxy.stop());
      const cache = await open(`redis://127.0.0.1:${proxy.port}`);
      await keep(cache, 'changed', 'team', 'of before');
      proxy[fault]();
      await eventually(async () => expect(await cache.read('changed', 'team')).toBeUndefined());
      cache.changed('team');
      await cache.write('changed', '1.1', answer('not kept'));
      proxy.up();
      await eventually(async () => expect(await cache.read('changed', 'team')).toBeDefined());
      expect(await textOf(cache, 'changed', 'team')).toBeUndefined();
    },
  );

  test('keeps no answer that is too large', async () => {
    const cache = await open();
    await keep(cache, 'key', 'team', 'x'.repeat(2 * 1024 * 1024));
    expect(await textOf(cache, 'key', 'team')).toBeUndefined();
  });
});

test('without a setting for it, there is none', () => {
  const settings = { CACHE_URL: undefined, CACHE_REPLICATION_GROUP: undefined, AWS_REGION: 'eu-central-1' };
  expect(openSharedCache(settings, silentLog)).toBeNull();
});
