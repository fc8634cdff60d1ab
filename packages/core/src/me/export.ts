import { and, desc, eq, lt, or, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { auditLog } from '../audit/audit.sql.ts';
import { apiKeys } from '../api-key/api-key.sql.ts';
import { apiKeyFields } from '../api-key/internal.ts';
import { caseStudies, caseStudyRevisions } from '../case-study/case-study.sql.ts';
import { AppError } from '../errors.ts';
import { invitationFields } from '../invitation/internal.ts';
import { invitations } from '../invitation/invitation.sql.ts';
import { jobs } from '../job/job.sql.ts';
import { operation } from '../operation.ts';
import { people } from '../person/person.sql.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { sessionFields } from '../session/internal.ts';
import { sessions } from '../session/session.sql.ts';
import { iso, isoOrNull } from '../sql.ts';
import { timeSchema } from '../time.ts';
import { maxOfSort, personalDataSchema } from './export-schema.ts';
import { requirePerson } from './person.ts';

export const exportMe = operation({
  name: 'me.export',
  kind: 'query',
  summary:
    'What the platform stores of you, as JSON: the newest 10,000 entries of each history, and where to go on.',
  scope: 'portfolio:read',
  shows: ['api-key:read', 'job:read', 'case-study:read', 'audit:read'],
  public: false,
  input: z.strictObject({
    before: timeSchema.optional().describe('`continueBefore` of the previous part: only history before it.'),
  }),
  output: personalDataSchema,
  tenant: 'none',
  async run({ actor, db, reader }, { before }) {
    const id = requirePerson(actor);
    const [person, memberships, keys, signedIn, invited] = await Promise.all([
      readPerson(db, id),
      readMemberships(db, id),
      readKeys(db, id),
      readSessions(db, id),
      readInvitations(db, id),
    ]);
    // One after the other: they scan, and others need the connections of the pool.
    const history = {
      jobs: await readJobs(reader, id, before),
      revisions: await readRevisions(reader, id, before),
      auditEvents: await readAudit(reader, id, before),
    };
    return {
      person,
      memberships,
      keys,
      sessions: signedIn,
      invitations: invited,
      ...history,
      continueBefore: whereToGoOn(history),
    };
  },
});

/** The end of the oldest entry of a history that is not complete, where there are several the latest of them. */
function whereToGoOn(history: Record<string, { at: string }[]>): string | null {
  const ends = Object.values(history)
    .filter((entries) => entries.length === maxOfSort)
    .map((entries) => Date.parse(entries.at(-1)!.at) + 1);
  return ends.length === 0 ? null : new Date(Math.max(...ends)).toISOString();
}

async function readPerson(db: Db, id: string) {
  const [person] = await db
    .select({
      id: people.id,
      issuer: people.issuer,
      subject: people.subject,
      name: people.name,
      groupRoles: people.groupRoles,
      signedInAt: isoOrNull(people.signedInAt),
      createdAt: iso(people.createdAt),
    })
    .from(people)
    .where(eq(people.id, id));
  if (!person) throw new AppError('not_found', 'Nothing is stored of you.');
  return person;
}

const readMemberships = (db: Db, id: string) =>
  db
    .select({
      portfolio: portfolios.slug,
      name: portfolios.name,
      role: members.role,
      fromGroup: members.fromGroup,
      createdAt: iso(members.createdAt),
    })
    .from(members)
    .innerJoin(portfolios, eq(portfolios.id, members.portfolioId))
    .where(eq(members.personId, id))
    .orderBy(portfolios.slug)
    .limit(maxOfSort);

const readKeys = (db: Db, id: string) =>
  db
    .select(apiKeyFields)
    .from(apiKeys)
    .leftJoin(portfolios, eq(portfolios.id, apiKeys.portfolioId))
    .where(eq(apiKeys.personId, id))
    .orderBy(desc(apiKeys.id))
    .limit(maxOfSort);

const readSessions = (db: Db, id: string) =>
  db
    .select(sessionFields)
    .from(sessions)
    .where(eq(sessions.personId, id))
    .orderBy(desc(sessions.id))
    .limit(maxOfSort);

/** A name that only members know, as it may have changed since the person left: the id for others. */
const ifMember = (id: string, name: PgColumn, otherwise: PgColumn) => sql<string>`case when exists (
  select from ${members} where ${members.portfolioId} = ${portfolios.id} and ${members.personId} = ${id})
  then ${name} else ${otherwise} end`;

const portfolioOf = (id: string) => ifMember(id, portfolios.slug, portfolios.id);

const readInvitations = (db: Db, id: string) =>
  db
    .select({ ...invitationFields, portfolio: portfolioOf(id) })
    .from(invitations)
    .innerJoin(portfolios, eq(portfolios.id, invitations.portfolioId))
    .where(or(eq(invitations.madeBy, id), eq(invitations.acceptedBy, id)))
    .orderBy(desc(invitations.id))
    .limit(maxOfSort);

const readJobs = (db: Db, id: string, before: string | undefined) =>
  db
    .select({
      at: iso(jobs.createdAt),
      id: jobs.id,
      portfolio: portfolioOf(id),
      kind: jobs.kind,
      state: jobs.state,
    })
    .from(jobs)
    .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
    .where(and(eq(jobs.requestedBy, id), before === undefined ? undefined : lt(jobs.createdAt, before)))
    .orderBy(desc(jobs.createdAt), desc(jobs.id))
    .limit(maxOfSort);

const readRevisions = (db: Db, id: string, before: string | undefined) =>
  db
    .select({
      at: iso(caseStudyRevisions.createdAt),
      portfolio: portfolioOf(id),
      caseStudy: ifMember(id, caseStudies.slug, caseStudies.id),
      number: caseStudyRevisions.number,
      changed: caseStudyRevisions.changed,
    })
    .from(caseStudyRevisions)
    .innerJoin(caseStudies, eq(caseStudies.id, caseStudyRevisions.caseStudyId))
    .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
    .where(
      and(
        eq(caseStudyRevisions.author, id),
        before === undefined ? undefined : lt(caseStudyRevisions.createdAt, before),
      ),
    )
    .orderBy(desc(caseStudyRevisions.createdAt), caseStudyRevisions.number)
    .limit(maxOfSort);

const readAudit = (db: Db, id: string, before: string | undefined) =>
  db
    .select({
      at: iso(auditLog.at),
      id: auditLog.id,
      portfolio: portfolioOf(id),
      action: auditLog.action,
      target: auditLog.target,
      credential: auditLog.credential,
      address: auditLog.address,
    })
    .from(auditLog)
    .leftJoin(portfolios, eq(portfolios.id, auditLog.portfolioId))
    .where(and(eq(auditLog.actor, id), before === undefined ? undefined : lt(auditLog.at, before)))
    .orderBy(desc(auditLog.at), desc(auditLog.id))
    .limit(maxOfSort);
