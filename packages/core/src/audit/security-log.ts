import { sql } from 'drizzle-orm';
import { inBatches } from '../batches.ts';
import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { people } from '../person/person.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import type { Logger } from '../runtime/log.ts';
import { securityEvents } from './audit.sql.ts';
import type { SecurityEventKind } from './schemas.ts';

/** How long events are counted in memory before they are written. */
const writeMilliseconds = 5000;
/** The most rows of one process in an hour, besides one of each kind for all others. */
const maxRowsPerHour = 1000;
const retentionDays = 90;

type About = {
  portfolioId?: string | null | undefined;
  /** The slug of the portfolio, where its id is not known. */
  slug?: string | null | undefined;
  actor?: string | null | undefined;
  credential?: string | null | undefined;
  address?: string | null | undefined;
  operation?: string | null | undefined;
};

/** Counts events and writes them from time to time. No request waits for that, and a flood makes few rows. */
export type SecurityLog = {
  record(kind: SecurityEventKind, about: About): void;
  write(): Promise<void>;
  close(): Promise<void>;
};

export function createSecurityLog(
  db: Db,
  log: Logger,
  { maxRows = maxRowsPerHour, now = Date.now }: { maxRows?: number; now?: () => number } = {},
): SecurityLog {
  let counts = new Map<string, number>();
  let hour = 0;
  let seen = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  /** The key of an event, or of all those of its kind for which an hour has no row left. */
  function keyOf(kind: SecurityEventKind, about: About): string {
    const { portfolioId, slug, actor, credential, address, operation } = about;
    const key = JSON.stringify([kind, portfolioId, slug, actor, credential, address, operation]);
    const current = Math.floor(now() / 3_600_000);
    if (current !== hour) seen = new Set();
    hour = current;
    if (!seen.has(key) && seen.size >= maxRows)
      return JSON.stringify([kind, null, null, null, null, null, null]);
    seen.add(key);
    return key;
  }

  async function writeOnce() {
    const written = counts;
    counts = new Map();
    try {
      await insertCounts(db, written);
    } catch (error) {
      for (const [key, count] of written) counts.set(key, (counts.get(key) ?? 0) + count);
      log.warn({ err: error }, 'security events not written; they will be written later');
    }
  }

  async function write(): Promise<void> {
    if (writing) await writing;
    clearTimeout(timer);
    timer = undefined;
    if (counts.size === 0) return;
    writing = writeOnce().finally(() => {
      writing = undefined;
      if (counts.size > 0) schedule();
    });
    await writing;
  }

  function schedule() {
    timer ??= setTimeout(() => void write(), writeMilliseconds).unref();
  }

  return {
    record(kind, about) {
      const key = keyOf(kind, about);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      schedule();
    },
    write,
    async close() {
      await write();
      clearTimeout(timer);
    },
  };
}

const columns = ['kind', 'portfolioId', 'slug', 'actor', 'credential', 'address', 'operation'] as const;

/**
 * Adds counts to the rows of this hour. All processes lock rows in the same order. Who was erased since, or whose ended key
 * is used then, has no address.
 */
async function insertCounts(db: Db, counts: ReadonlyMap<string, number>): Promise<void> {
  const rows = [...counts].map(([key, count]) => {
    const values = JSON.parse(key) as (string | null)[];
    return {
      id: newId('securityEvent'),
      count,
      ...Object.fromEntries(columns.map((name, at) => [name, values[at]])),
    };
  });
  await db.execute(sql`
    insert into ${securityEvents} as known
      (id, hour, kind, portfolio_id, actor, credential, address, operation, count)
    select min(e.id), date_trunc('hour', now()), e.kind, p.id, e.actor, e.credential,
      case when erased.id is null then e.address end, e.operation, sum(e.count)::integer
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as e (id text, kind text, "portfolioId" text, slug text,
      actor text, credential text, address text, operation text, count integer)
    left join ${portfolios} p on p.id = e."portfolioId" or (e."portfolioId" is null and p.slug = e.slug)
    left join ${people} erased on erased.id = e.actor and erased.erased_at is not null
    group by 3, 4, 5, 6, 7, 8
    order by 3, 4, 5, 6, 7, 8
    on conflict on constraint security_events_once
    do update set count = known.count + excluded.count, last_at = now()`);
}

/** Deletes what is older than 90 days. Resolves to the number of rows. */
export function removeOldSecurityEvents(db: Db, signal: AbortSignal): Promise<number> {
  return inBatches(1000, signal, async (size) => {
    const removed = await db.execute(sql`
      delete from ${securityEvents} where ctid = any(array(
        select ctid from ${securityEvents}
        where hour < now() - make_interval(days => ${retentionDays}) order by hour limit ${size}
        for update skip locked))`);
    return removed.count;
  });
}
