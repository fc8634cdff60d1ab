import { and, eq, isNull } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { people } from './person.sql.ts';

/** Throws `unauthenticated` for a person who was erased meanwhile. Until the transaction ends, an erasure waits. */
export async function keepFromErasure(db: Db, personId: string): Promise<void> {
  const [person] = await db
    .select({ id: people.id })
    .from(people)
    .where(and(eq(people.id, personId), isNull(people.erasedAt)))
    .for('key share');
  if (!person) throw new AppError('unauthenticated', 'This person was erased. Sign in again.');
}
