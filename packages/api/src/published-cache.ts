import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';

/** A ready answer: its bytes and its headers, of which the ETag is one. */
type PublishedAnswer = { body: Buffer; headers: Record<string, string> };

/** `ageSeconds` is given where the database could not be asked in time and an older answer had to do. */
export type PublishedHit = PublishedAnswer & { source: 'cache' | 'database'; ageSeconds?: number };

type Entry = PublishedAnswer & { generation: string; loadedAt: number; askAgainAt: number };
type Loading = { generation: string; answer: Promise<Entry> };

const maxBytes = 64 * 1024 * 1024;
/** What an entry takes beside its bytes, roughly. */
const entryBytes = 500;
/** News of changes may be lost with a connection that nobody knows to be dead yet: so long they are missed at most. */
const freshMilliseconds = 10_000;
/** How long a reader waits for the database where there is an answer from before. */
const patienceMilliseconds = 1000;

export type PublishedCache = {
  changed(portfolio: string | undefined): void;
  read(
    key: string,
    portfolio: string | undefined,
    load: () => Promise<PublishedAnswer>,
  ): Promise<PublishedHit>;
};

/**
 * What strangers read, as bytes, bounded in size. `changed` makes everything of a portfolio (or of all) count as
 * never read; what was being loaded meanwhile is not kept. `isOutage` tells errors of an absent database from others:
 * on those, older answers go on, but never one of before a known change.
 */
export function createPublishedCache(isOutage: (error: unknown) => boolean): PublishedCache {
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    sizeCalculation: ({ body }) => body.length + entryBytes,
  });
  const loading = new Map<string, Loading>();
  const changes = new Map<string, number>();
  let changesOfAny = 0;
  let resets = 0;

  /** Differs whenever something may have changed since. Lists of portfolios depend on every one of them. */
  function generationOf(portfolio: string | undefined): string {
    return `${resets}.${portfolio === undefined ? changesOfAny : (changes.get(portfolio) ?? 0)}`;
  }

  function loadOnce(key: string, generation: string, load: Parameters<PublishedCache['read']>[2]) {
    const running = loading.get(key);
    if (running?.generation === generation) return running.answer;
    const answer = (async () => {
      const { body, headers } = await load();
      const loadedAt = Date.now();
      return {
        body,
        headers: { etag: hashOf(body), ...headers },
        generation,
        loadedAt,
        askAgainAt: loadedAt + freshMilliseconds,
      };
    })();
    const mine = { generation, answer };
    loading.set(key, mine);
    return answer.finally(() => {
      if (loading.get(key) === mine) loading.delete(key);
    });
  }

  return {
    changed(portfolio) {
      changesOfAny += 1;
      if (portfolio === undefined) resets += 1;
      else changes.set(portfolio, (changes.get(portfolio) ?? 0) + 1);
    },
    async read(key, portfolio, load) {
      const generation = generationOf(portfolio);
      const found = entries.get(key);
      const entry = found?.generation === generation ? found : undefined;
      if (entry && Date.now() < entry.askAgainAt) return { ...entry, ...staleness(entry), source: 'cache' };
      const answer = loadOnce(key, generation, load).then((loaded) => {
        if (generationOf(portfolio) === generation) entries.set(key, loaded);
        return loaded;
      });
      if (!entry) return { ...(await answer), source: 'database' };
      const loaded = await Promise.race([answer, after(patienceMilliseconds)]).catch((error: unknown) => {
        if (!isOutage(error)) throw error;
        return null;
      });
      if (loaded) return { ...loaded, source: 'database' };
      // It may have been changed while the database was waited for.
      if (generationOf(portfolio) !== generation) return { ...(await answer), source: 'database' };
      answer.catch(() => {});
      entry.askAgainAt = Date.now() + patienceMilliseconds;
      return { ...entry, ...staleness(entry), source: 'cache' };
    },
  };
}

function staleness({ loadedAt }: Entry): { ageSeconds?: number } {
  const age = Date.now() - loadedAt;
  return age > freshMilliseconds ? { ageSeconds: Math.round(age / 1000) } : {};
}

function after(milliseconds: number): Promise<null> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds, null).unref());
}

function hashOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}
