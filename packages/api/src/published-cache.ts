import type { SharedCache } from '@portfolio/core/runtime/shared-cache';
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';

/** A ready answer: its bytes and its headers, of which the ETag is one. */
export type PublishedAnswer = { body: Buffer; headers: Record<string, string> };

/** `ageSeconds` is given where the database could not be asked in time and an older answer had to do. */
export type PublishedHit = PublishedAnswer & { source: 'cache' | 'database'; ageSeconds?: number };

type Entry = PublishedAnswer & {
  source: PublishedHit['source'];
  generation: string;
  loadedAt: number;
  askAgainAt: number;
};
type Load = () => Promise<PublishedAnswer>;
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
  read(key: string, portfolio: string | undefined, load: Load): Promise<PublishedHit>;
};

/**
 * What strangers read, as bytes, bounded in size. `changed` makes everything of a portfolio (or of all) count as
 * never read; what was being loaded meanwhile is not kept. `isOutage` tells errors of an absent database from others:
 * on those, older answers go on, but never one of before a known change. What is not there is looked for in `shared`
 * first, where there is one.
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
  let changesOfAny = 0;
  let resets = 0;

  /** Differs whenever something may have changed since. Lists of portfolios depend on every one of them. */
  function generationOf(portfolio: string | undefined): string {
    return `${resets}.${portfolio === undefined ? changesOfAny : (changes.get(portfolio) ?? 0)}`;
  }

  /** Of the shared cache where that has a fresh one, or an older one while the database is away; else of the database. */
  async function find(key: string, portfolio: string | undefined, load: Load) {
    const lookup = shared ? await shared.read(key, portfolio) : undefined;
    const found = lookup?.answer && { ...lookup.answer, source: 'cache' as const };
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
      const askAgainAt = Math.max(found.loadedAt + freshMilliseconds, Date.now() + patienceMilliseconds);
      return { ...found, generation, askAgainAt };
    })();
    const mine = { generation, answer };
    loading.set(key, mine);
    return answer.finally(() => {
      if (loading.get(key) === mine) loading.delete(key);
    });
  }

  return {
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
      if (entry && Date.now() < entry.askAgainAt) return { ...hitOf(entry), source: 'cache' };
      const answer = loadOnce(key, portfolio, generation, load).then((loaded) => {
        if (generationOf(portfolio) === generation) entries.set(key, loaded);
        return loaded;
      });
      if (!entry) return hitOf(await answer);
      const loaded = await Promise.race([answer, after(patienceMilliseconds)]).catch((error: unknown) => {
        if (!isOutage(error)) throw error;
        return null;
      });
      if (loaded) return hitOf(loaded);
      // It may have been changed while the database was waited for.
      if (generationOf(portfolio) !== generation) return hitOf(await answer);
      answer.catch(() => {});
      entry.askAgainAt = Date.now() + patienceMilliseconds;
      return { ...hitOf(entry), source: 'cache' };
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
