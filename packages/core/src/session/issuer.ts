import { and, eq } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { people } from '../person/person.sql.ts';
import { isOpen } from './internal.ts';
import { hashOfSecret } from './secret.ts';
import { sessions } from './session.sql.ts';

/** The issuer that identified the person of a session; undefined where the session has ended. */
export async function issuerOfSession(db: Db, secret: string): Promise<string | undefined> {
  const [found] = await db
    .select({ issuer: people.issuer })
    .from(sessions)
    .innerJoin(people, eq(people.id, sessions.personId))
    .where(and(eq(sessions.secretHash, hashOfSecret(secret)), isOpen));
  return found?.issuer ?? undefined;
}
