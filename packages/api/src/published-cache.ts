import type { SharedCache } from '@portfolio/core/runtime/shared-cache';
import { cache } from '@portfolio/core/telemetry/contract';
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';

/** An encoded answer. The cache adds an ETag where `headers` has none. */
export type PublishedAnswer = { body: Buffer; headers: Record<string, string> };

/** `ageSeconds` is set for an answer that is older than usual, since the database did not answer in time. */
export type PublishedHit = PublishedAnswer & { source: Source; ageSeconds?: number };

type Source = 'memory' | 'shared' | 'database';

type Entry = PublishedAnswer & {
  source: Source;
  generation: string;
  loadedAt: number;
  revalidateAt: number;
};
type Load = () => Promise<PublishedAnswer>;
type Loading = { generation: string; answer: Promise<Entry> };

const maxBytes = 64 * 1024 * 1024;
/** The approximate size of an entry without its body. */
const entryBytes = 500;
/** The longest time for which a change may go unnoticed, where its notification is lost with a connection. */
const freshMilliseconds = 10_000;
/** How long a reader waits for the database where the cache has an older answer. */
const loadTimeoutMilliseconds = 1000;

export type PublishedCache = {
  changed(portfolio: string | undefined): void;
  read(key: string, portfolio: string | undefined, load: Load): Promise<PublishedHit>;
  /** Ends its series. */
  close(): void;
};

const results = ['memory', 'shared', 'database', 'outdated'] as const;

/**
 * Caches encoded answers to anonymous readers, up to `maxBytes`. `changed` invalidates the answers of one portfolio, or
 * all of them, including those that are being loaded. On errors for which `isOutage` is true, an older answer is served
 * unless it is invalidated. Misses look into `shared` before the database.
 */
export function createPublishedCache(
  isOutage: (error: unknown) => boolean,
  shared: SharedCache | null = null,
): PublishedCache {
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    sizeCalculation: ({ body }) => body.length + entryBytes,
  });
  const loading = new Map<string, Loading>();
  const changes = new Map<string, number>();
  const reads = { memory: 0, shared: 0, database: 0, outdated: 0 };
  const ends = [
    cache.reads.observe(() => results.map((result) => ({ value: reads[result], labels: { result } }))),
    cache.bytes.observe(() => [{ value: entries.calculatedSize, labels: {} }]),
  ];
  let changesOfAny = 0;
  let resets = 0;

  function count(hit: PublishedHit): PublishedHit {
    reads[hit.ageSeconds === undefined ? hit.source : 'outdated'] += 1;
    return hit;
  }

  /** Changes with each invalidation. Answers without a portfolio are lists, which depend on all portfolios. */
  function generationOf(portfolio: string | undefined): string {
    return `${resets}.${portfolio === undefined ? changesOfAny : (changes.get(portfolio) ?? 0)}`;
  }

  /** Reads from the shared cache where it has a fresh answer, else from the database; in an outage, an older answer. */
  async function find(key: string, portfolio: string | undefined, load: Load) {
    const lookup = shared ? await shared.read(key, portfolio) : undefined;
    const found = lookup?.answer && { ...lookup.answer, source: 'shared' as const };
    if (found && Date.now() < found.loadedAt + freshMilliseconds) return found;
    try {
      const { body, headers } = await load();
      const answer = { body, headers: { etag: hashOf(body), ...headers }, loadedAt: Date.now() };
      if (lookup) void shared?.write(key, lookup.state, answer);
      return { ...answer, source: 'database' as const };
    } catch (error) {
      if (found && isOutage(error)) return found;
      throw error;
    }
  }

  function loadOnce(key: string, portfolio: string | undefined, generation: string, load: Load) {
    const running = loading.get(key);
    if (running?.generation === generation) return running.answer;
    const answer = (async (): Promise<Entry> => {
      const found = await find(key, portfolio, load);
      const revalidateAt = Math.max(found.loadedAt + freshMilliseconds, Date.now() + loadTimeoutMilliseconds);
      return { ...found, generation, revalidateAt };
    })();
    const started = { generation, answer };
    loading.set(key, started);
    return answer.finally(() => {
      if (loading.get(key) === started) loading.delete(key);
    });
  }

  return {
    close() {
      for (const end of ends) end();
    },
    changed(portfolio) {
      shared?.changed(portfolio);
      changesOfAny += 1;
      if (portfolio === undefined) resets += 1;
      else changes.set(portfolio, (changes.get(portfolio) ?? 0) + 1);
    },
    async read(key, portfolio, load) {
      const generation = generationOf(portfolio);
      const found = entries.get(key);
      const entry = found?.generation === generation ? found : undefined;
      if (entry && Date.now() < entry.revalidateAt) return count({ ...hitOf(entry), source: 'memory' });
      const answer = loadOnce(key, portfolio, generation, load).then((loaded) => {
        if (generationOf(portfolio) === generation) entries.set(key, loaded);
        return loaded;
      });
      if (!entry) return count(hitOf(await answer));
      const loaded = await Promise.race([answer, after(loadTimeoutMilliseconds)]).catch((error: unknown) => {
        if (!isOutage(error)) throw error;
        return null;
      });
      if (loaded) return count(hitOf(loaded));
      // A change may have invalidated the entry in the meantime.
      if (generationOf(portfolio) !== generation) return count(hitOf(await answer));
      answer.catch(() => {});
      entry.revalidateAt = Date.now() + loadTimeoutMilliseconds;
      return count({ ...hitOf(entry), source: 'memory' });
    },
  };
}

function hitOf({ body, headers, source, loadedAt }: Entry): PublishedHit {
  const age = Date.now() - loadedAt;
  return {
    body,
    headers,
    source,
    ...(age > freshMilliseconds && { ageSeconds: Math.round(age / 1000) }),
  };
}

function after(milliseconds: number): Promise<null> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds, null).unref());
}

function hashOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}
