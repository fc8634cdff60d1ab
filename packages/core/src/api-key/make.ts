import { and } from 'drizzle-orm';
import { type Actor, type Scope, isPlatform } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError, invalidInput } from '../errors.ts';
import { apiKeys } from './api-key.sql.ts';
import { fetchApiKey, isLive, isOwnedBy, requireMayGrantScopes } from './internal.ts';
import { type KeyOwner, type Lineage, issueApiKey } from './issue.ts';
import { type Caller, type Latest, lockKeysOf, lockMaker, makerOf } from './lock.ts';

/** The number of keys that a portfolio, or a person, can have at a time. */
const maxLiveKeys = 100;
const defaultLifetime = 90 * 24 * 3_600_000;

type Wanted = { name: string; scopes: Scope[]; expiresAt?: string | null | undefined };

/** Makes a key within the limits of the caller's credential. Resolves to it with its secret. */
export async function makeKey(caller: Caller, owner: KeyOwner, wanted: Wanted) {
  requireMayGrantScopes(caller.actor, wanted.scopes);
  await lockKeysOf(caller.db, owner);
  const latest = await lockMaker(caller, owner);
  return insertKey(caller, owner, { ...wanted, latest, lineage: lineageOf(caller.actor) });
}

/** Inserts a key of an owner whose keys are locked. */
export async function insertKey(
  { actor, db }: Caller,
  owner: KeyOwner,
  { name, scopes, expiresAt, latest, lineage }: Wanted & { latest: Latest; lineage: Lineage },
) {
  const about = { name, scopes, expiresAt: endOf(expiresAt, latest), ...lineage };
  if (!isPlatform(actor)) await requireRoom(db, owner);
  const { id, secret } = await issueApiKey(db, { ...about, ...owner });
  return { ...(await fetchApiKey(db, owner, id)), secret };
}

async function requireRoom(db: Db, owner: KeyOwner): Promise<void> {
  const live = await db.$count(apiKeys, and(isOwnedBy(owner), isLive));
  if (live < maxLiveKeys) return;
  const whose = owner.portfolioId === undefined ? 'You have' : 'The portfolio has';
  throw new AppError('conflict', `${whose} ${maxLiveKeys} keys, the most there can be. Revoke one first.`);
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
