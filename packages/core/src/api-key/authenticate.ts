import { eq, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError, Refusal } from '../errors.ts';
import { members } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { apiKeys } from './api-key.sql.ts';
import { isLive } from './internal.ts';
import { hashOfKey, isWellFormedKey } from './issue.ts';
import { isRecorded, recordUse } from './last-used.ts';

/**
 * Keys end with the keys that they were made with. That is stored for each key when another ends, and checked here as
 * well, whatever the row of the key itself says.
 */
const hasEndedAncestor = sql`exists (
  with recursive ancestors as (
    select parent.* from ${apiKeys} as parent where parent.id = ${apiKeys.parentId}
    union all
    select parent.* from ${apiKeys} as parent join ancestors on parent.id = ancestors.parent_id)
  select from ancestors where revoked_at is not null or expires_at <= now())`;

/**
 * Keys of a portfolio end with the owner who made them. That is stored as well; a process of release 0.1.0, which runs
 * beside this one during an upgrade, removes members without it.
 */
const hasLostMaker = sql`(${apiKeys.portfolioId} is not null and ${apiKeys.madeBy} is not null and not exists (
  select from ${members}
  where ${members.portfolioId} = ${apiKeys.portfolioId} and ${members.personId} = ${apiKeys.madeBy}
    and ${members.role} = 'owner'))`;

const byHash = prepared((db) =>
  db
    .select({
      id: apiKeys.id,
      personId: apiKeys.personId,
      portfolioId: apiKeys.portfolioId,
      scopes: apiKeys.scopes,
      expiresAt: apiKeys.expiresAt,
      madeBy: apiKeys.madeBy,
      tokenIssuedAt: apiKeys.tokenIssuedAt,
      isRecorded,
      // Of parts, within which Drizzle names the tables of columns: there are others in them.
      isUsable: sql<boolean>`${isLive} and not ${hasEndedAncestor} and not ${hasLostMaker}`,
    })
    .from(apiKeys)
    .where(eq(apiKeys.secretHash, sql.placeholder('hash')))
    .prepare('api_key_by_hash'),
);

const invalid = 'The API key is unknown, revoked or expired.';

export const invalidKey = () => new AppError('unauthenticated', invalid);

/**
 * The actor of an API key, whose use by an address is noted. Throws `unauthenticated` for unknown, revoked and expired
 * keys alike, without a query for what cannot be a key.
 */
export async function authenticateApiKey(db: Db, key: string, address?: string): Promise<Actor> {
  if (!isWellFormedKey(key)) throw invalidKey();
  const [row] = await byHash(db).execute({ hash: hashOfKey(key) });
  if (!row) throw invalidKey();
  const { id, scopes, portfolioId, personId, madeBy } = row;
  if (!row.isUsable)
    throw new Refusal('unauthenticated', invalid, { portfolioId, actor: personId ?? id, credential: id });
  if (!row.isRecorded && address !== undefined) recordUse(db, { id, personId }, address);
  const signedIn = {
    scopes,
    expiresAt: toDate(row.expiresAt),
    credential: { kind: 'key' as const, id, tokenIssuedAt: toDate(row.tokenIssuedAt) },
  };
  if (portfolioId !== null) return { kind: 'portfolio-key', id, portfolioId, madeBy, ...signedIn };
  return personId === null
    ? { kind: 'operator-key', id, ...signedIn }
    : { kind: 'user', id: personId, ...signedIn };
}

const toDate = (time: string | null) => (time === null ? null : new Date(time));
