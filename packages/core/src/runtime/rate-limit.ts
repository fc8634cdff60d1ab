import { lt, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import type { Db } from '../context.ts';
import type { Logger } from './log.ts';
import { rateLimits } from './rate-limit.sql.ts';

export const windowSeconds = 60;
const windowMilliseconds = windowSeconds * 1000;
/** How long a process counts by itself before it exchanges its counts with the others. */
const exchangeMilliseconds = 250;
/** The number of principals in the memory of a process. The counts of evicted ones are in Postgres. */
const maxPrincipals = 100_000;

/** The result of `take`: whether the cost was allowed, what remains, and when the limit is reset. */
type Taken = { allowed: boolean; remaining: number; resetSeconds: number };

export type RateCounter = {
  /** Takes `cost` of a principal's `limit` per window; takes nothing if less remains. With 0, only says what remains. */
  take(principal: string, cost: number, limit: number): Taken;
  /** Sends the counts since the last exchange, and reads those of the other processes. */
  exchange(): Promise<void>;
  close(): Promise<void>;
};

/** `shared` is the last count of Postgres, `unsent` the count of this process since then. */
type Entry = { key: string; shared: number; unsent: number };

/**
 * Counts in fixed windows, summed over all processes of a database. No request waits for Postgres: processes exchange
 * their counts every quarter of a second, and use their own counts while Postgres is unavailable.
 */
export function createRateCounter(db: Db, log: Logger, now: () => number = Date.now): RateCounter {
  let windowStart = 0;
  let entries = new Map<string, Entry>();
  let changed = new Set<Entry>();
  let timer: NodeJS.Timeout | undefined;
  let exchanging: Promise<void> | undefined;
  let isUnavailable = false;
  let cleanedAt = 0;

  /** All processes have the same windows. A new window resets all counts. */
  function enterWindow(time: number) {
    const start = time - (time % windowMilliseconds);
    if (start === windowStart) return;
    windowStart = start;
    entries = new Map();
    changed = new Set();
  }

  function entryOf(principal: string): Entry {
    let entry = entries.get(principal);
    if (!entry) {
      entry = { key: hashOf(principal), shared: 0, unsent: 0 };
      entries.set(principal, entry);
      if (entries.size > maxPrincipals) entries.delete(entries.keys().next().value!);
    }
    return entry;
  }

  async function exchangeOnce() {
    const sent = [...changed].map((entry) => ({ entry, count: entry.unsent }));
    const start = windowStart;
    changed = new Set();
    try {
      const totals = await addCounts(db, start, sent);
      for (const { entry, count } of sent) {
        entry.unsent -= count;
        entry.shared = totals.get(entry.key) ?? entry.shared;
      }
      if (cleanedAt !== start) await removePast(db, start);
      cleanedAt = start;
      isUnavailable = false;
    } catch (error) {
      if (start === windowStart) for (const { entry } of sent) changed.add(entry);
      if (!isUnavailable)
        log.warn({ err: error }, 'exchanging rate limit counts failed; this process counts alone meanwhile');
      isUnavailable = true;
    }
  }

  async function exchange(): Promise<void> {
    if (exchanging) {
      await exchanging;
      return exchange();
    }
    clearTimeout(timer);
    timer = undefined;
    if (changed.size === 0) return;
    exchanging = exchangeOnce().finally(() => {
      exchanging = undefined;
      if (changed.size > 0) schedule();
    });
    await exchanging;
  }

  function schedule() {
    timer ??= setTimeout(() => void exchange(), exchangeMilliseconds).unref();
  }

  return {
    take(principal, cost, limit) {
      const time = now();
      enterWindow(time);
      const entry = entryOf(principal);
      const left = limit - entry.shared - entry.unsent;
      const allowed = cost <= left;
      if (allowed && cost > 0) {
        entry.unsent += cost;
        changed.add(entry);
        if (!exchanging) schedule();
      }
      return {
        allowed,
        remaining: Math.max(0, allowed ? left - cost : left),
        resetSeconds: Math.ceil((windowStart + windowMilliseconds - time) / 1000),
      };
    },
    exchange,
    async close() {
      await exchange();
      clearTimeout(timer);
    },
  };
}

/** The table contains hashes, and no addresses of users. */
const hashOf = (principal: string) => createHash('sha256').update(principal).digest('base64url');

const instantOf = (milliseconds: number) => new Date(milliseconds).toISOString();

/** Adds counts to those of a window, and resolves to the totals. All processes lock rows in the order of the keys. */
async function addCounts(
  db: Db,
  windowStart: number,
  sent: { entry: Entry; count: number }[],
): Promise<Map<string, number>> {
  const keys = sql.param(sent.map(({ entry }) => entry.key));
  const counts = sql.param(sent.map(({ count }) => count));
  const rows = await db.execute<{ key: string; count: number }>(sql`
    insert into ${rateLimits} (key, window_start, count)
    select key, ${instantOf(windowStart)}::timestamptz, sum(count)::integer
    from unnest(${keys}::text[], ${counts}::integer[]) as taken (key, count)
    group by key order by key
    on conflict (key, window_start) do update set count = ${rateLimits.count} + excluded.count
    returning key, count`);
  return new Map(rows.map(({ key, count }) => [key, count]));
}

/** Deletes past windows, except the last one, since clocks differ a little. Concurrent calls do not wait for each other. */
async function removePast(db: Db, windowStart: number) {
  const before = instantOf(windowStart - windowMilliseconds);
  const past = db
    .select({ key: rateLimits.key, windowStart: rateLimits.windowStart })
    .from(rateLimits)
    .where(lt(rateLimits.windowStart, before))
    .for('update', { skipLocked: true });
  await db.delete(rateLimits).where(sql`(key, window_start) in ${past}`);
}
