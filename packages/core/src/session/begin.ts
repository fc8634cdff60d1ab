import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { recordAction } from '../change.ts';
import type { Db, Origin } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { people } from '../person/person.sql.ts';
import { lifetime } from './internal.ts';
import { endSessions } from './end.ts';
import { hashOfSecret, newSecret } from './secret.ts';
import { sessions } from './session.sql.ts';

/** The number of sessions that a person can have at a time: the oldest end for new ones. */
const maxSessions = 50;
const maxUserAgentCharacters = 300;

type Beginning = {
  personId: string;
  /** When the person proved to the issuer who they are, by the clock of the issuer. */
  signedInAt: Date;
  isOperator?: boolean;
  /** Where the sign-in came from. */
  origin: Origin;
  userAgent: string | undefined;
  /** The secret of the session that the browser had before, which ends. */
  replaces?: string | undefined;
};

/** Begins a session of a person who has signed in. Resolves to it with its secret, which cannot be read again. */
export async function beginSession(db: Db, beginning: Beginning): Promise<{ id: string; secret: string }> {
  const { personId, signedInAt, replaces, origin, isOperator = false } = beginning;
  const [id, secret] = [newId('session'), newSecret()];
  await db.transaction(async (tx) => {
    await lockPerson(tx, personId);
    if (replaces !== undefined) await endSessions(tx, eq(sessions.secretHash, hashOfSecret(replaces)));
    if (!isOperator) await endOperating(tx, personId);
    await tx.insert(sessions).values({
      id,
      secretHash: hashOfSecret(secret),
      personId,
      isOperator,
      address: origin.address,
      userAgent: storable(beginning.userAgent),
      signedInAt: sql`least(${signedInAt.toISOString()}::timestamptz, now())`,
      expiresAt: sql`now() + ${lifetime}`,
    });
    await tx.delete(sessions).where(
      and(
        eq(sessions.personId, personId),
        sql`${sessions.id} not in (
          select newer.id from ${sessions} as newer
          where newer.person_id = ${personId} order by newer.id desc limit ${maxSessions})`,
      ),
    );
    const actor = sessionActor(personId, id);
    await recordAction({ db: tx, actor, origin }, { action: 'session.create', raw: { id } });
  });
  return { id, secret };
}

const sessionActor = (personId: string, id: string): Actor => ({
  kind: 'user',
  id: personId,
  scopes: [],
  expiresAt: null,
  credential: { kind: 'session', id, tokenIssuedAt: null },
});

/** Whoever has left the group of the operators is none in other browsers either, as with the roles of groups. */
const endOperating = (tx: Db, personId: string) =>
  tx
    .update(sessions)
    .set({ isOperator: false })
    .where(and(eq(sessions.personId, personId), eq(sessions.isOperator, true)));

/** Whoever erases the person waits, and then finds the session. Throws `unauthenticated` if that was done before. */
async function lockPerson(tx: Db, id: string) {
  const isThere = and(eq(people.id, id), isNull(people.erasedAt));
  const found = await tx.select({ id: people.id }).from(people).where(isThere).for('share');
  if (found.length === 0) throw new AppError('unauthenticated', 'The person was erased. Sign in again.');
}

/** A header is at most a line of bytes, which may be anything. */
const storable = (userAgent: string | undefined) =>
  userAgent?.replaceAll(/[^\x20-\x7e]/g, '').slice(0, maxUserAgentCharacters) ?? null;
