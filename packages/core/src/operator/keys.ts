import { and, arrayOverlaps, asc, eq, sql } from 'drizzle-orm';
import { type OperatorScope, type Scope, operatorScopes } from '../actor.ts';
import { apiKeys } from '../api-key/api-key.sql.ts';
import { isLive } from '../api-key/internal.ts';
import { issueApiKey } from '../api-key/issue.ts';
import { recordAction } from '../change.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { iso, isoOrNull } from '../sql.ts';

/**
 * The keys of operators. No operation makes them: only who may run a program on the platform's machines does. The audit
 * log names the key itself as the actor.
 */
const isOperatorKey = arrayOverlaps(apiKeys.scopes, operatorScopes as unknown as Scope[]);

const record = (db: Db, id: string, action: string, fields: object) =>
  recordAction(
    { db, actor: { kind: 'operator-key', id, scopes: [], expiresAt: null } },
    { action, raw: { id, ...fields } },
  );

/** Makes a key; its secret cannot be read again. */
export function createOperatorKey(
  db: Db,
  about: { name: string; scopes: OperatorScope[]; expiresAt: Date },
): Promise<{ id: string; secret: string }> {
  return db.transaction(async (tx) => {
    const made = await issueApiKey(tx, { ...about, forOperator: true });
    await record(tx, made.id, 'operatorKey.create', about);
    return made;
  });
}

/** Those that have not ended, the oldest first. */
export function listOperatorKeys(db: Db) {
  return db
    .select({
      id: apiKeys.id,
      name: apiKeys.name,
      prefix: apiKeys.prefix,
      scopes: sql<OperatorScope[]>`${apiKeys.scopes}`,
      createdAt: iso(apiKeys.createdAt),
      expiresAt: isoOrNull(apiKeys.expiresAt),
      lastUsedAt: isoOrNull(apiKeys.lastUsedAt),
    })
    .from(apiKeys)
    .where(and(isOperatorKey, isLive))
    .orderBy(asc(apiKeys.id));
}

/** Ends a key at once. Throws `not_found` if there is none that has not ended. */
export function revokeOperatorKey(db: Db, id: string): Promise<void> {
  return db.transaction(async (tx) => {
    const revoked = await tx
      .update(apiKeys)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(apiKeys.id, id), isOperatorKey, isLive))
      .returning({ id: apiKeys.id });
    if (revoked.length === 0) throw new AppError('not_found', `There is no operator key "${id}".`);
    await record(tx, id, 'operatorKey.revoke', {});
  });
}
