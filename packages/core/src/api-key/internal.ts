import { type SQL, and, eq, gt, isNull, or, sql } from 'drizzle-orm';
import type { Actor, AnyScope, Scope } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, prepared } from '../sql.ts';
import { apiKeys } from './api-key.sql.ts';
import type { KeyOwner } from './issue.ts';

/** The public fields of a key; the query must left-join its portfolio. */
export const apiKeyFields = {
  id: apiKeys.id,
  portfolio: portfolios.slug,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  scopes: apiKeys.scopes,
  madeBy: apiKeys.madeBy,
  madeWith: apiKeys.madeWith,
  parent: apiKeys.parentId,
  createdAt: iso(apiKeys.createdAt),
  expiresAt: isoOrNull(apiKeys.expiresAt),
  lastUsedAt: isoOrNull(apiKeys.lastUsedAt),
  lastUsedAddress: apiKeys.lastUsedAddress,
  revokedAt: isoOrNull(apiKeys.revokedAt),
};

/** True for a key that is neither revoked nor expired. */
export const isLive = and(
  isNull(apiKeys.revokedAt),
  or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`)),
)!;

export const isOwnedBy = ({ portfolioId, personId }: KeyOwner): SQL =>
  portfolioId === undefined ? eq(apiKeys.personId, personId) : eq(apiKeys.portfolioId, portfolioId);

const byId = prepared((db) =>
  db
    .select(apiKeyFields)
    .from(apiKeys)
    .leftJoin(portfolios, eq(portfolios.id, apiKeys.portfolioId))
    .where(
      and(
        eq(apiKeys.id, sql.placeholder('id')),
        or(
          eq(apiKeys.portfolioId, sql.placeholder('portfolioId')),
          eq(apiKeys.personId, sql.placeholder('personId')),
        ),
      ),
    )
    .prepare('api_key_by_id'),
);

/** A key of a portfolio or a person. Throws `not_found`. */
export async function fetchApiKey(db: Db, owner: KeyOwner, id: string) {
  const [found] = await byId(db).execute({ id, portfolioId: null, personId: null, ...owner });
  if (!found) throw apiKeyNotFound(id);
  return found;
}

export const apiKeyNotFound = (id: string) => new AppError('not_found', `There is no API key "${id}".`);

/**
 * Throws `forbidden` if a new key would have scopes that the caller's credential lacks. The role needs no check: it
 * limits a user's key at each use, and only owners create keys of a portfolio.
 */
export function requireMayGrantScopes(actor: Actor, scopes: readonly Scope[]): void {
  const own: readonly AnyScope[] = actor.kind === 'anonymous' ? [] : actor.scopes;
  const lacking = scopes.filter((scope) => !own.includes(scope));
  if (lacking.length === 0) return;
  throw new AppError(
    'forbidden',
    `A key cannot be granted scopes that your credential lacks: ${lacking.join(', ')}.`,
  );
}
