import { and, asc, count, eq, gt, inArray, isNotNull, isNull, lt, notInArray, sql } from 'drizzle-orm';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import type { Db } from '../context.ts';
import { auditLog, auditSeals } from './audit.sql.ts';
import {
  type Chain,
  type Seal,
  type SealedEntry,
  digestOf,
  exact,
  hashOfSeal,
  headOf,
  isUnsealed,
  ofChain,
  sealedColumns,
} from './chain.ts';

/** How many seals are read at a time. */
const batchSize = 10;
/** Far longer than any transaction: an entry that claims to be this much older than sealed ones was not written then. */
const lateHours = 1;

/** A head that somebody outside has noted. */
export type Held = { number: number; hash: string };

export type Verified = {
  chain: Chain;
  /** The slug of the portfolio; null for the chain of the platform. */
  portfolio: string | null;
  seals: number;
  entries: number;
  unsealed: number;
  head: string | null;
  /** The first thing that is wrong; null if the chain is whole. */
  problem: string | null;
};

/**
 * Recomputes hash chains as of one moment: all, or that of the portfolio with a slug. `held` has heads from outside, by
 * chain; without one, somebody who rewrites a chain from some entry to its end cannot be noticed.
 */
export async function* verifyAudit(
  db: Db,
  { slug, held = new Map() }: { slug?: string | undefined; held?: ReadonlyMap<Chain, Held> } = {},
): AsyncGenerator<Verified> {
  const chains = await chainsOf(db, slug);
  for (const { chain, portfolio } of chains)
    yield await db.transaction((tx) => verifyChain(tx, { chain, portfolio }, held.get(chain)), {
      isolationLevel: 'repeatable read',
      accessMode: 'read only',
    });
  if (slug !== undefined) return;
  for (const [chain, { number }] of held)
    if (!chains.some((each) => each.chain === chain))
      yield { ...nothing, chain, problem: `the chain is missing; it had ${number} seals` };
}

const nothing = { portfolio: null, seals: 0, entries: 0, unsealed: 0, head: null };

/** All chains with an entry or a seal. */
function chainsOf(db: Db, slug: string | undefined): Promise<{ chain: Chain; portfolio: string | null }[]> {
  const found = sql`(select distinct portfolio_id from ${auditLog} union select distinct portfolio_id from ${auditSeals})`;
  return db
    .select({ chain: sql<Chain>`chains.portfolio_id`, portfolio: portfolios.slug })
    .from(sql`${found} as chains`)
    .leftJoin(portfolios, eq(portfolios.id, sql`chains.portfolio_id`))
    .where(slug === undefined ? undefined : eq(portfolios.slug, slug))
    .orderBy(sql`chains.portfolio_id nulls first`);
}

async function verifyChain(
  tx: Db,
  about: Pick<Verified, 'chain' | 'portfolio'>,
  held: Held | undefined,
): Promise<Verified> {
  const { chain } = about;
  const unsealed = await tx.$count(auditLog, isUnsealed(chain));
  const progress: Progress = { number: 0, hash: '', entries: 0, newestAt: '' };
  let problem = await verifySeals(tx, chain, progress, held);
  problem ??= await findAdded(tx, chain, progress);
  if (problem === null && held !== undefined && held.number > progress.number)
    problem = `seal ${held.number}, which the given head names, is missing`;
  const { number, hash, entries } = progress;
  const head = number === 0 ? null : headOf(chain, { number, hash });
  return { ...about, seals: number, entries, unsealed, head, problem };
}

/** What was verified so far: the last seal, the number of entries, and the newest time of an entry. */
type Progress = { number: number; hash: string; entries: number; newestAt: string };
type StoredSeal = Seal & { hash: string };

async function verifySeals(tx: Db, chain: Chain, progress: Progress, held: Held | undefined) {
  for (;;) {
    const seals: StoredSeal[] = await tx
      .select({
        portfolioId: auditSeals.portfolioId,
        number: auditSeals.number,
        ids: auditSeals.ids,
        digests: auditSeals.digests,
        previous: auditSeals.previous,
        hash: auditSeals.hash,
        sealedAt: exact(sql`${auditSeals.sealedAt}`),
      })
      .from(auditSeals)
      .where(and(ofChain(auditSeals, chain), gt(auditSeals.number, progress.number)))
      .orderBy(asc(auditSeals.number))
      .limit(batchSize);
    if (seals.length === 0) return null;
    const entries = await readEntries(tx, seals);
    for (const seal of seals) {
      const problem = verifySeal(seal, progress, held) ?? verifyEntries(seal, entries, progress);
      if (problem !== null) return problem;
      progress.number = seal.number;
      progress.hash = seal.hash;
      progress.entries += seal.ids.length;
    }
  }
}

type FoundEntry = SealedEntry & { sealedIn: number | null };

async function readEntries(tx: Db, seals: readonly Seal[]): Promise<Map<string, FoundEntry>> {
  const ids = seals.flatMap((seal) => seal.ids);
  const rows = await tx
    .select({ ...sealedColumns, sealedIn: auditLog.sealedIn })
    .from(auditLog)
    .where(inArray(auditLog.id, ids));
  return new Map(rows.map((row) => [row.id, row]));
}

/** What is wrong with a seal itself; null if nothing is. */
function verifySeal(seal: StoredSeal, { number, hash }: Progress, held: Held | undefined): string | null {
  const expected = number + 1;
  if (seal.number !== expected) return `seal ${expected} is missing`;
  if (seal.previous !== hash || seal.hash !== hashOfSeal(seal)) return `seal ${seal.number} was changed`;
  if (held?.number === seal.number && held.hash !== seal.hash)
    return `seal ${seal.number} is not the one that the given head names`;
  return null;
}

function verifyEntries(seal: Seal, entries: Map<string, FoundEntry>, progress: Progress): string | null {
  for (const [at, id] of seal.ids.entries()) {
    const entry = entries.get(id);
    if (!entry) return `entry ${id} of seal ${seal.number} is missing`;
    if (digestOf(entry) !== seal.digests[at]) return `entry ${id} was changed after seal ${seal.number}`;
    if (entry.sealedIn !== seal.number)
      return `entry ${id} is in seal ${seal.number}, but says ${entry.sealedIn ?? 'that it is unsealed'}`;
    if (isLate(entry.at, progress.newestAt) || isLate(seal.sealedAt, entry.at))
      return `entry ${id} was added: it claims to be of ${entry.at}, but is in seal ${seal.number} of ${seal.sealedAt}`;
    if (entry.at > progress.newestAt) progress.newestAt = entry.at;
  }
  return null;
}

const lateBefore = (newestAt: string) => new Date(Date.parse(newestAt) - lateHours * 3_600_000).toISOString();
const isLate = (at: string, newestAt: string) => newestAt !== '' && at < lateBefore(newestAt);

/** Entries that no seal names, although they say so, or are older than what was sealed; null if there are none. */
async function findAdded(tx: Db, chain: Chain, { number, newestAt }: Progress): Promise<string | null> {
  const { id, sealedIn } = auditLog;
  const counts = await tx
    .select({ sealedIn, count: count() })
    .from(auditLog)
    .where(and(ofChain(auditLog, chain), isNotNull(sealedIn)))
    .groupBy(sealedIn)
    .orderBy(asc(sealedIn));
  for (const { sealedIn: claimed, count: found } of counts) {
    if (claimed! > number || claimed! < 1) return `seal ${claimed} is missing, which entries name`;
    const [seal] = await tx
      .select({ ids: auditSeals.ids })
      .from(auditSeals)
      .where(and(ofChain(auditSeals, chain), eq(auditSeals.number, claimed!)));
    if (seal!.ids.length === found) continue;
    const [added] = await tx
      .select({ id })
      .from(auditLog)
      .where(and(ofChain(auditLog, chain), eq(sealedIn, claimed!), notInArray(id, seal!.ids)))
      .orderBy(asc(id))
      .limit(1);
    return `entry ${added!.id} was added: it says that it is in seal ${claimed}, which does not name it`;
  }
  if (newestAt === '') return null;
  const [late] = await tx
    .select({ id, at: exact(auditLog.at) })
    .from(auditLog)
    .where(and(ofChain(auditLog, chain), isNull(sealedIn), lt(auditLog.at, lateBefore(newestAt))))
    .orderBy(asc(auditLog.at))
    .limit(1);
  return late ? `entry ${late.id} was added: it claims to be of ${late.at}, and no seal names it` : null;
}
