import { asc, desc, inArray, isNull, sql, and } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { auditLog, auditSeals } from './audit.sql.ts';
import {
  type Chain,
  type Seal,
  digestOf,
  exact,
  hashOfSeal,
  headOf,
  isUnsealed,
  ofChain,
  sealedColumns,
} from './chain.ts';

/** The most entries in a seal. */
const maxEntries = 1000;

/**
 * Seals all entries that are committed and not sealed yet, and reports the new head of each chain. Writers do not wait:
 * an entry whose transaction commits later is in a later seal. Resolves to the number of sealed entries.
 */
export async function sealAudit(
  db: Db,
  signal: AbortSignal,
  report: (sealed: { head: string; entries: number }) => void,
): Promise<number> {
  const { portfolioId } = auditLog;
  const chains = await db.selectDistinct({ portfolioId }).from(auditLog).where(isNull(auditLog.sealedIn));
  let total = 0;
  for (const chain of chains) {
    let entries: number;
    do {
      signal.throwIfAborted();
      entries = await sealNext(db, chain.portfolioId, report);
      total += entries;
    } while (entries === maxEntries);
  }
  return total;
}

async function sealNext(
  db: Db,
  chain: Chain,
  report: (sealed: { head: string; entries: number }) => void,
): Promise<number> {
  // Before the entries: if another run seals those meanwhile, the number of this seal is taken.
  const last = await lastSeal(db, chain);
  const rows = await db
    .select(sealedColumns)
    .from(auditLog)
    .where(isUnsealed(chain))
    .orderBy(asc(auditLog.at), asc(auditLog.id))
    .limit(maxEntries);
  if (rows.length === 0) return 0;
  const seal: Seal = {
    portfolioId: chain,
    number: (last?.number ?? 0) + 1,
    ids: rows.map(({ id }) => id),
    digests: rows.map(digestOf),
    previous: last?.hash ?? '',
    sealedAt: await now(db),
  };
  const hash = hashOfSeal(seal);
  if (!(await store(db, seal, hash))) return 0;
  report({ head: headOf(chain, { number: seal.number, hash }), entries: rows.length });
  return rows.length;
}

/** Stores a seal. False if another run has sealed meanwhile; nothing is stored then. */
async function store(db: Db, seal: Seal, hash: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    const stored = await tx
      .insert(auditSeals)
      .values({ ...seal, hash })
      .onConflictDoNothing()
      .returning({ number: auditSeals.number });
    if (stored.length === 0) return false;
    const { count } = await tx
      .update(auditLog)
      .set({ sealedIn: seal.number })
      .where(and(inArray(auditLog.id, seal.ids), isNull(auditLog.sealedIn)));
    if (count !== seal.ids.length)
      throw new Error(`Of ${seal.ids.length} entries to seal, only ${count} were unsealed.`);
    return true;
  });
}

/** The newest seal of a chain; undefined if it has none. */
export async function lastSeal(db: Db, chain: Chain) {
  const [last] = await db
    .select({
      number: auditSeals.number,
      hash: auditSeals.hash,
      sealedAt: exact(sql`${auditSeals.sealedAt}`),
    })
    .from(auditSeals)
    .where(ofChain(auditSeals, chain))
    .orderBy(desc(auditSeals.number))
    .limit(1);
  return last;
}

async function now(db: Db): Promise<string> {
  const [row] = await db.execute<{ now: string }>(sql`select ${exact(sql`clock_timestamp()`)} as now`);
  return row!.now;
}
