import { and, eq, gt, isNull, or, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { prepared } from '../sql.ts';
import { apiKeys } from './api-key.sql.ts';
import { hashOfKey } from './issue.ts';
import { isRecorded, recordUse } from './last-used.ts';

const byHash = prepared((db) =>
  db
    .select({
      id: apiKeys.id,
      subject: apiKeys.subject,
      portfolioId: apiKeys.portfolioId,
      scopes: apiKeys.scopes,
      expiresAt: apiKeys.expiresAt,
      isRecorded,
    })
    .from(apiKeys)
    .where(
      and(
        eq(apiKeys.secretHash, sql.placeholder('hash')),
        isNull(apiKeys.revokedAt),
        or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`)),
      ),
    )
    .prepare('api_key_by_hash'),
);

/** The actor of an API key. Throws `unauthenticated` for unknown, revoked and expired keys alike. */
export async function authenticateApiKey(db: Db, key: string): Promise<Actor> {
  const [row] = await byHash(db).execute({ hash: hashOfKey(key) });
  if (!row) throw new AppError('unauthenticated', 'The API key is unknown, revoked or expired.');
  if (!row.isRecorded) recordUse(db, row.id);
  const { scopes, portfolioId } = row;
  const expiresAt = row.expiresAt === null ? null : new Date(row.expiresAt);
  return portfolioId === null
    ? { kind: 'user', subject: row.subject!, scopes, expiresAt }
    : { kind: 'portfolio-key', subject: row.id, portfolioId, scopes, expiresAt };
}
