import { and, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { eraseAddresses } from '../audit/erase.ts';
import { emptyAnswers } from '../answers.ts';
import { apiKeys, tokenEnds } from '../api-key/api-key.sql.ts';
import { endKeys } from '../api-key/end.ts';
import { lockKeysOf } from '../api-key/lock.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { idempotencyKeys } from '../idempotency.sql.ts';
import { invitations } from '../invitation/invitation.sql.ts';
import { hashOfIdentity } from '../person/identify.ts';
import { people } from '../person/person.sql.ts';
import { formerMembers, members, portfolios } from '../portfolio/portfolio.sql.ts';
import { sessions } from '../session/session.sql.ts';
import { uploads } from '../upload/upload.sql.ts';

/**
 * Erases a person: what says who they are, where they were, and every right they have. Their id stays in histories, where
 * it means nobody. Throws `not_found`, and `conflict` while a portfolio has no other owner who has signed in.
 */
export async function erasePerson(db: Db, id: string): Promise<void> {
  const locked = await lockPortfolios(db, id);
  await requireOtherOwners(db, id);
  // Whoever makes a key for this person, or by their tokens, waits, and then finds that they have ended.
  await lockKeysOf(db, { personId: id });
  const { issuer, subject } = await lockPerson(db, id);
  await endCredentials(db, id);
  await endMemberships(db, id, locked);
  await eraseInvitations(db, id);
  await eraseAddresses(db, id);
  await eraseAnswers(db, id, subject);
  await db.update(uploads).set({ createdBy: id }).where(eq(uploads.createdBy, subject));
  await db
    .update(people)
    .set({
      issuer: null,
      subject: null,
      name: null,
      groupRoles: null,
      groupsAt: null,
      signedInAt: null,
      erasedAt: sql`now()`,
      erasedIdentity: hashOfIdentity(issuer, subject),
    })
    .where(eq(people.id, id));
}

/** Locks the portfolios of a person, as every change of their members does, in one order. */
async function lockPortfolios(db: Db, id: string): Promise<string[]> {
  const own = db.select({ id: members.portfolioId }).from(members).where(eq(members.personId, id));
  const locked = await db
    .select({ id: portfolios.id })
    .from(portfolios)
    .where(inArray(portfolios.id, own))
    .orderBy(portfolios.id)
    .for('no key update');
  return locked.map((portfolio) => portfolio.id);
}

/** How many portfolios the refusal of an erasure names. */
const maxNamed = 10;

async function requireOtherOwners(db: Db, id: string): Promise<void> {
  const others = alias(members, 'others');
  const otherOwner = db
    .select({ id: others.personId })
    .from(others)
    .innerJoin(people, eq(people.id, others.personId))
    .where(
      and(
        eq(others.portfolioId, members.portfolioId),
        eq(others.role, 'owner'),
        ne(others.personId, id),
        isNotNull(people.signedInAt),
      ),
    );
  const left = await db
    .select({ slug: portfolios.slug })
    .from(members)
    .innerJoin(portfolios, eq(portfolios.id, members.portfolioId))
    .where(
      and(
        eq(members.personId, id),
        eq(members.role, 'owner'),
        // One that is to be deleted for good will have no owner.
        sql`(${portfolios.purgeAt} > now()) is not false`,
        sql`not exists ${otherOwner}`,
      ),
    )
    .orderBy(portfolios.slug)
    .limit(maxNamed + 1);
  if (left.length === 0) return;
  const named = left.slice(0, maxNamed).map(({ slug }) => `"${slug}"`);
  const more = left.length > maxNamed ? ' and others' : '';
  throw new AppError(
    'conflict',
    `"${id}" is the last owner who has signed in of ${named.join(', ')}${more}. Make another member an owner, or delete it for good.`,
  );
}

/** Locks a person, so that they get no further membership or key. Resolves to whom it is. */
async function lockPerson(db: Db, id: string) {
  const [person] = await db
    .select({ issuer: people.issuer, subject: people.subject })
    .from(people)
    .where(and(eq(people.id, id), isNull(people.erasedAt)))
    .for('update');
  if (!person) throw new AppError('not_found', `There is no person "${id}".`);
  return { issuer: person.issuer, subject: person.subject ?? id };
}

/** Ends keys, tokens and sessions. The rows of keys stay for the audit log, without what says who used them. */
async function endCredentials(db: Db, id: string): Promise<void> {
  const isOwn = eq(apiKeys.personId, id);
  const isMade = or(isOwn, eq(apiKeys.madeBy, id))!;
  await endKeys(db, isMade);
  await db.delete(sessions).where(eq(sessions.personId, id));
  await db.update(apiKeys).set({ lastUsedAddress: null }).where(isMade);
  await db.update(apiKeys).set({ name: 'Erased', subject: null }).where(isOwn);
  await db
    .insert(tokenEnds)
    .values({ personId: id, notBefore: sql`now()` })
    .onConflictDoUpdate({ target: tokenEnds.personId, set: { notBefore: sql`now()` } });
}

async function endMemberships(db: Db, id: string, locked: readonly string[]): Promise<void> {
  const ended = await db
    .delete(members)
    .where(eq(members.personId, id))
    .returning({ portfolioId: members.portfolioId });
  if (ended.some(({ portfolioId }) => !locked.includes(portfolioId)))
    throw new AppError('unavailable', 'The person has joined a portfolio meanwhile. Retry.');
  await db.delete(formerMembers).where(eq(formerMembers.personId, id));
}

async function eraseInvitations(db: Db, id: string): Promise<void> {
  const { madeBy, acceptedBy, acceptedAt, revokedAt } = invitations;
  await db
    .update(invitations)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(madeBy, id), isNull(acceptedAt), isNull(revokedAt)));
  await db
    .update(invitations)
    .set({ label: null })
    .where(or(eq(madeBy, id), eq(acceptedBy, id)));
}

/**
 * Removes the stored answers to the person. Those of others that name the person are emptied, but stay: a repeated request
 * must not run a second time.
 */
async function eraseAnswers(db: Db, id: string, subject: string): Promise<void> {
  const principals = [`user:${id}`, `user:${subject}`];
  await db.delete(idempotencyKeys).where(inArray(idempotencyKeys.principal, principals));
  // Who was shown an invitation got the name of its maker without the id.
  const shown = await db.select({ id: invitations.id }).from(invitations).where(eq(invitations.madeBy, id));
  await emptyAnswers(db, [id, ...shown.map((invitation) => invitation.id)]);
}
