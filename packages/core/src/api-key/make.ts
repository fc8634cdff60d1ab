import { type SQL, and, eq, sql } from 'drizzle-orm';
import { type Actor, type Scope, roleScopes } from '../actor.ts';
import type { Ctx, Db } from '../context.ts';
import { AppError, invalidInput } from '../errors.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { apiKeys } from './api-key.sql.ts';
import { invalidKey } from './authenticate.ts';
import { fetchApiKey, isLive, requireMayGrantScopes } from './internal.ts';
import { type KeyOwner, type Lineage, issueApiKey } from './issue.ts';

const day = 24 * 3_600_000;
const defaultLifetime = 90 * day;
/** A token says who signed in: its hour is that of the session, and limits no right of the person. */
const lifetimeByToken = 365 * day;

type Caller = Pick<Ctx, 'actor' | 'db'>;
type Wanted = { name: string; scopes: Scope[]; expiresAt?: string | null | undefined };

/** Makes a key within the limits of the caller's credential. Resolves to it with its secret. */
export async function makeKey(caller: Caller, owner: KeyOwner, wanted: Wanted) {
  requireMayGrantScopes(caller.actor, wanted.scopes);
  await lockKeysOf(caller.db, owner);
  const latest = await lockMaker(caller, owner);
  return insertKey(caller.db, owner, { ...wanted, latest, lineage: lineageOf(caller.actor) });
}

/** When a key has to end at the latest, and why; undefined where it need not end. */
export type Latest = { end: Date; reason: string } | undefined;

export async function insertKey(
  db: Db,
  owner: KeyOwner,
  { name, scopes, expiresAt, latest, lineage }: Wanted & { latest: Latest; lineage: Lineage },
) {
  const about = { name, scopes, expiresAt: endOf(expiresAt, latest), ...lineage };
  const key = await issueApiKey(db, { ...about, ...owner });
  return { ...(await fetchApiKey(db, key.id)), secret: key.secret };
}

/** The end of a key: the given one, which must not be too late, or the default. */
function endOf(given: string | null | undefined, latest: Latest): Date | null {
  if (given === undefined) {
    return new Date(Math.min(Date.now() + defaultLifetime, latest?.end.valueOf() ?? Infinity));
  }
  if (latest && (given === null || new Date(given) > latest.end)) {
    const detail = `Expected ${latest.end.toISOString()} at the latest: ${latest.reason}.`;
    throw invalidInput([{ pointer: '/expiresAt', detail }]);
  }
  return given === null ? null : new Date(given);
}

/** Changes of the keys of a portfolio, and of its members, are made one after the other; so are those of a subject's keys. */
export async function lockKeysOf(db: Db, { portfolioId, subject }: KeyOwner): Promise<void> {
  if (portfolioId === undefined) {
    const lock = JSON.stringify(['keys', subject]);
    await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
  } else {
    await db
      .select({ id: portfolios.id })
      .from(portfolios)
      .where(eq(portfolios.id, portfolioId))
      .for('no key update');
  }
}

/**
 * Locks what a new key depends on: the membership of its maker and the key that makes it. Whoever ends them waits until
 * the new key is committed, or has ended them already: then it throws.
 */
export async function lockMaker({ actor, db }: Caller, { portfolioId }: KeyOwner): Promise<Latest> {
  const maker = makerOf(actor);
  if (portfolioId !== undefined && maker !== null) {
    await lockOwner(db, and(eq(members.portfolioId, portfolioId), eq(members.subject, maker))!);
  }
  if (actor.kind === 'anonymous' || !actor.credential) return undefined;
  if (actor.credential.kind === 'token') {
    const end = new Date(Date.now() + lifetimeByToken);
    return { end, reason: 'a key that is made with a token lasts a year at most' };
  }
  const isMaker = eq(apiKeys.id, actor.credential.id!);
  const [parent] = await db
    .select({ expiresAt: apiKeys.expiresAt })
    .from(apiKeys)
    .where(and(isMaker, isLive))
    .for('share');
  if (!parent) throw invalidKey();
  if (parent.expiresAt === null) return undefined;
  return { end: new Date(parent.expiresAt), reason: 'a key lasts no longer than the one that makes it' };
}

async function lockOwner(db: Db, isMember: SQL): Promise<void> {
  const [member] = await db.select({ role: members.role }).from(members).where(isMember).for('share');
  if (member && roleScopes[member.role].includes('api-key:write')) return;
  throw new AppError(
    'forbidden',
    'Only owners of the portfolio may make keys for it, by themselves or by their keys.',
  );
}

/** The subject that makes what an actor makes; null where that is not known. */
function makerOf(actor: Actor): string | null {
  if (actor.kind === 'user') return actor.subject;
  return actor.kind === 'portfolio-key' ? (actor.madeBy ?? null) : null;
}

/** What is noted of a key about its maker. */
export function lineageOf(actor: Actor): Lineage {
  const credential = actor.kind === 'anonymous' ? undefined : actor.credential;
  const id = credential?.id ?? null;
  return {
    madeBy: makerOf(actor),
    madeWith: id,
    parentId: credential?.kind === 'key' ? id : null,
    tokenIssuedAt: credential?.tokenIssuedAt?.toISOString() ?? null,
  };
}
