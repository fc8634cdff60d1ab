import { and, eq, gte, inArray, isNull, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { tokenEnds } from '../api-key/api-key.sql.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { prepared } from '../sql.ts';
import { people } from './person.sql.ts';

/** Whom an issuer means. `isDefault` for the issuer of the deployment, some of whose people may be stored without it. */
export type Identity = { issuer: string; subject: string; isDefault: boolean };

const { placeholder } = sql;

const byIdentity = prepared((db) =>
  db
    .select({
      id: people.id,
      hasSignedIn: sql<boolean>`${people.signedInAt} is not null`,
      isRevoked: sql<boolean>`exists (
        select from ${tokenEnds}
        where ${tokenEnds.personId} = ${people.id} and ${tokenEnds.notBefore} >= ${placeholder('issuedAt')}::timestamptz)`,
    })
    .from(people)
    .where(
      and(
        eq(people.subject, placeholder('subject')),
        sql`coalesce(${people.issuer}, '') = ${placeholder('issuer')}`,
      ),
    )
    .prepare('person_by_identity'),
);

/**
 * The id of the person whom an issuer means, who is stored if new. Throws `unauthenticated` if the person has revoked
 * what was issued at that time, or was erased since.
 */
export async function identifyPerson(db: Db, identity: Identity, issuedAt: Date): Promise<string> {
  const { issuer, subject } = identity;
  const find = () => byIdentity(db).execute({ issuer, subject, issuedAt: issuedAt.toISOString() });
  let [found] = await find();
  if (!found) {
    await requireNotErased(db, identity, issuedAt);
    await storePerson(db, identity);
    [found] = await find();
  }
  // Erased between the two.
  if (!found)
    throw new AppError('unavailable', 'The sign-in could not be completed. Retry in a few seconds.');
  if (found.isRevoked) throw new AppError('unauthenticated', 'Invalid token: it was revoked. Sign in again.');
  if (!found.hasSignedIn) await recordFirstSignIn(db, found.id);
  return found.id;
}

/** Throws `unauthenticated` for what was issued before the person was erased, which must not store them anew. */
async function requireNotErased(db: Db, { issuer, subject, isDefault }: Identity, issuedAt: Date) {
  const hashes = [issuer, ...(isDefault ? [null] : [])].map((of) => hashOfIdentity(of, subject));
  const [erased] = await db
    .select({ id: people.id })
    .from(people)
    .where(and(inArray(people.erasedIdentity, hashes), gte(people.erasedAt, issuedAt.toISOString())))
    .limit(1);
  if (erased) throw new AppError('unauthenticated', 'Invalid token: the person was erased. Sign in again.');
}

/** What is remembered for a day of a person who was erased. */
export const hashOfIdentity = (issuer: string | null, subject: string) =>
  createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('hex');

/** Completes the row of a person of the default issuer that does not name it yet, or stores a new one. */
async function storePerson(db: Db, { issuer, subject, isDefault }: Identity): Promise<void> {
  if (isDefault) {
    const adopted = await db
      .update(people)
      .set({ issuer })
      .where(and(eq(people.subject, subject), isNull(people.issuer)))
      .returning({ id: people.id });
    if (adopted.length > 0) return;
  }
  await db
    .insert(people)
    .values({ id: newId('person'), issuer, subject })
    .onConflictDoNothing();
}

/** Records that a person has proved for the first time to be the one whom the subject means. */
export async function recordFirstSignIn(db: Db, id: string): Promise<void> {
  await db
    .update(people)
    .set({ signedInAt: sql`now()` })
    .where(and(eq(people.id, id), isNull(people.signedInAt)));
}

/** Stores the name of a person who has none yet. */
export async function nameNewPerson(db: Db, id: string, name: string): Promise<void> {
  await db
    .update(people)
    .set({ name })
    .where(and(eq(people.id, id), isNull(people.name), isNull(people.erasedAt)));
}

/** Names the default issuer in the rows of a release that knew only one. Resolves to their number. */
export async function adoptIssuer(db: Db, issuer: string): Promise<number> {
  const adopted = await db
    .update(people)
    .set({ issuer })
    .where(
      and(
        isNull(people.issuer),
        sql`${people.subject} is not null and not exists (
          select from ${people} as known where known.subject = ${people.subject} and known.issuer = ${issuer})`,
      ),
    )
    .returning({ id: people.id });
  return adopted.length;
}

/** The id of the person with this subject, of whichever issuer, who is stored if new. For programs of the machine. */
export async function personBySubject(db: Db, subject: string): Promise<string> {
  const [found] = await db.execute<{ id: string }>(sql`select person_of(${subject}) as id`);
  return found!.id;
}
