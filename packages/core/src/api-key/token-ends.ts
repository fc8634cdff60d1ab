import { and, eq, gte, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { prepared } from '../sql.ts';
import { tokenEnds } from './api-key.sql.ts';

const endOfToken = prepared((db) =>
  db
    .select({ personId: tokenEnds.personId })
    .from(tokenEnds)
    .where(
      and(
        eq(tokenEnds.personId, sql.placeholder('personId')),
        gte(tokenEnds.notBefore, sql`${sql.placeholder('issuedAt')}::timestamptz`),
      ),
    )
    .prepare('token_end'),
);

/** Throws `unauthenticated` if a person has revoked their tokens since one was issued. */
export async function requireGoodToken(db: Db, personId: string, issuedAt: Date): Promise<void> {
  const [ended] = await endOfToken(db).execute({ personId, issuedAt: issuedAt.toISOString() });
  if (ended) throw new AppError('unauthenticated', 'Invalid token: it was revoked. Sign in again.');
}
