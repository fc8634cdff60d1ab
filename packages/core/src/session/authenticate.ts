import { and, eq, sql } from 'drizzle-orm';
import { type Actor, roleScopes, withOperatorScopes } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { prepared } from '../sql.ts';
import { isOpen, mayOperate } from './internal.ts';
import { hashOfSecret, isWellFormed } from './secret.ts';
import { isRecorded, recordUse } from './last-seen.ts';
import { sessions } from './session.sql.ts';

const byHash = prepared((db) =>
  db
    .select({
      id: sessions.id,
      personId: sessions.personId,
      isOperator: mayOperate,
      signedInAt: sessions.signedInAt,
      createdAt: sessions.createdAt,
      expiresAt: sessions.expiresAt,
      isRecorded,
    })
    .from(sessions)
    .where(and(eq(sessions.secretHash, sql.placeholder('hash')), isOpen))
    .prepare('session_by_hash'),
);

const hasEnded = () => new AppError('unauthenticated', 'The session has ended. Sign in again.');

/**
 * The actor of a session, whose use by an address is noted. Throws `unauthenticated` for unknown, ended and expired ones
 * alike, without a query for what cannot be the secret of one.
 */
export async function authenticateSession(db: Db, secret: string, address?: string): Promise<Actor> {
  if (!isWellFormed(secret)) throw hasEnded();
  const [row] = await byHash(db).execute({ hash: hashOfSecret(secret) });
  if (!row) throw hasEnded();
  const { id, personId, isOperator } = row;
  if (!row.isRecorded && address !== undefined) recordUse(db, id, address);
  return {
    kind: 'user',
    id: personId,
    scopes: withOperatorScopes(roleScopes.owner, isOperator),
    expiresAt: new Date(row.expiresAt),
    credential: {
      kind: 'session',
      id,
      tokenIssuedAt: new Date(row.createdAt),
      signedInAt: new Date(row.signedInAt),
    },
  };
}
