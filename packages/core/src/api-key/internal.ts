import { eq, sql } from 'drizzle-orm';
import type { Actor, Scope } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, prepared } from '../sql.ts';
import { apiKeys } from './api-key.sql.ts';

/** The public fields of a key; its portfolio has to be joined on the left. */
export const apiKeyFields = {
  id: apiKeys.id,
  portfolio: portfolios.slug,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  scopes: apiKeys.scopes,
  createdAt: iso(apiKeys.createdAt),
  expiresAt: isoOrNull(apiKeys.expiresAt),
  lastUsedAt: isoOrNull(apiKeys.lastUsedAt),
  revokedAt: isoOrNull(apiKeys.revokedAt),
};

const byId = prepared((db) =>
  db
    .select(apiKeyFields)
    .from(apiKeys)
    .leftJoin(portfolios, eq(portfolios.id, apiKeys.portfolioId))
    .where(eq(apiKeys.id, sql.placeholder('id')))
    .prepare('api_key_by_id'),
);

/** A key that is known to be there, and the caller's. */
export async function fetchApiKey(db: Db, id: string) {
  const [found] = await byId(db).execute({ id });
  return found!;
}

export const apiKeyNotFound = (id: string) => new AppError('not_found', `There is no API key "${id}".`);

/**
 * A key never gets what the credential lacks that asks for it. What the role of a member leaves out of a credential
 * needs no look: a key of a user is held to the role at each use, and only owners make keys of a portfolio.
 */
export function requireMayGrantScopes(actor: Actor, scopes: readonly Scope[]): void {
  const held: readonly Scope[] = actor.kind === 'anonymous' ? [] : actor.scopes;
  const lacking = scopes.filter((scope) => !held.includes(scope));
  if (lacking.length === 0) return;
  throw new AppError(
    'forbidden',
    `A key cannot have scopes that the credential lacks that asks for it: ${lacking.join(', ')}.`,
  );
}
