import type { Actor, Scope } from '../actor.ts';
import type { Db } from '../context.ts';
import { invalidInput } from '../errors.ts';
import { fetchApiKey, requireMayGrantScopes } from './internal.ts';
import { type KeyOwner, type Lineage, issueApiKey } from './issue.ts';
import { type Caller, type Latest, lockKeysOf, lockMaker, makerOf } from './lock.ts';

const defaultLifetime = 90 * 24 * 3_600_000;

type Wanted = { name: string; scopes: Scope[]; expiresAt?: string | null | undefined };

/** Makes a key within the limits of the caller's credential. Resolves to it with its secret. */
export async function makeKey(caller: Caller, owner: KeyOwner, wanted: Wanted) {
  requireMayGrantScopes(caller.actor, wanted.scopes);
  await lockKeysOf(caller.db, owner);
  const latest = await lockMaker(caller, owner);
  return insertKey(caller.db, owner, { ...wanted, latest, lineage: lineageOf(caller.actor) });
}

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
