import { type SQL, and, eq, sql } from 'drizzle-orm';
import { type Actor, roleScopes } from '../actor.ts';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { isGoodToken } from '../tenancy.ts';
import { apiKeys } from './api-key.sql.ts';
import { invalidKey } from './authenticate.ts';
import { lockWithDescendants } from './end.ts';
import { isLive } from './internal.ts';
import type { KeyOwner } from './issue.ts';
import { requireGoodToken } from './token-ends.ts';

export type Caller = Pick<Ctx, 'actor' | 'db'>;

/** When a key has to end at the latest, and why; undefined where it need not end. */
export type Latest = { end: Date; reason: string } | undefined;

/** A token says who signed in: its hour is that of the session, and limits no right of the person. */
const lifetimeByToken = 365 * 24 * 3_600_000;

/** Changes of the keys of a portfolio, and of its members, are made one after the other; so are those of a person's keys. */
export async function lockKeysOf(db: Db, { portfolioId, personId }: KeyOwner): Promise<void> {
  if (portfolioId === undefined) {
    await db.execute(sql`select pg_advisory_xact_lock(${lockOf(personId)})`);
  } else {
    await db
      .select({ id: portfolios.id })
      .from(portfolios)
      .where(eq(portfolios.id, portfolioId))
      .for('no key update');
  }
}

const lockOf = (personId: string) => sql`hashtextextended(${JSON.stringify(['keys', personId])}, 0)`;

/**
 * Locks what a new key depends on: the membership of its maker, the maker's tokens, and the key that makes it. Whoever
 * ends one of them waits until the new key is committed, or has ended it already: then this throws. It also locks keys
 * that are to end, if any: in one order with the key that makes the new one, as who ends both does.
 */
export async function lockMaker(
  { actor, db }: Caller,
  { portfolioId }: KeyOwner,
  ending?: SQL,
): Promise<Latest> {
  const maker = makerOf(actor);
  const credential = actor.kind === 'anonymous' ? undefined : actor.credential;
  const issuedAt = credential?.tokenIssuedAt ?? null;
  if (portfolioId !== undefined && maker !== null) await lockOwner(db, portfolioId, maker, issuedAt);
  if (maker !== null && issuedAt !== null) await lockTokens(db, maker, issuedAt);
  if (!credential) return undefined;
  if (credential.kind === 'key') {
    if (ending) await lockWithDescendants(db, ending, { by: 'endsWith', alone: credential.id });
    return lockParent(db, credential.id!);
  }
  const end = new Date(Date.now() + lifetimeByToken);
  return { end, reason: 'a key that is made with a token or a session lasts a year at most' };
}

/** The person who makes what an actor makes; null where that is not known. */
export function makerOf(actor: Actor): string | null {
  if (actor.kind === 'user') return actor.id;
  return actor.kind === 'portfolio-key' ? (actor.madeBy ?? null) : null;
}

async function lockOwner(db: Db, portfolioId: string, personId: string, issuedAt: Date | null) {
  const isMember = and(eq(members.portfolioId, portfolioId), eq(members.personId, personId));
  const isGood = isGoodToken(sql`${issuedAt?.toISOString() ?? null}`);
  const [found] = await db
    .select({ role: members.role })
    .from(members)
    .where(and(isMember, isGood))
    .for('share');
  if (found && roleScopes[found.role].includes('api-key:write')) return;
  throw new AppError(
    'forbidden',
    'Only owners of the portfolio may make keys for it, by themselves or by their keys.',
  );
}

async function lockTokens(db: Db, personId: string, issuedAt: Date) {
  await db.execute(sql`select pg_advisory_xact_lock_shared(${lockOf(personId)})`);
  await requireGoodToken(db, personId, issuedAt);
}

async function lockParent(db: Db, id: string): Promise<Latest> {
  const [parent] = await db
    .select({ expiresAt: apiKeys.expiresAt })
    .from(apiKeys)
    .where(and(eq(apiKeys.id, id), isLive))
    .for('share');
  if (!parent) throw invalidKey();
  if (parent.expiresAt === null) return undefined;
  return { end: new Date(parent.expiresAt), reason: 'a key lasts no longer than the one that makes it' };
}
