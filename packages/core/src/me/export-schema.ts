import { z } from 'zod';
import { roleSchema } from '../actor.ts';
import { apiKeySchema } from '../api-key/schemas.ts';
import { idOf } from '../ids.ts';
import { invitationSchema } from '../invitation/schemas.ts';
import { jobKindSchema } from '../job/kinds.ts';
import { jobStateSchema } from '../job/schemas.ts';
import { sessionSchema } from '../session/schemas.ts';
import { slugSchema } from '../text.ts';

/** The maximum number of entries of each sort in one export: some 2 MB of each. */
export const maxOfSort = 10_000;

const portfolio = z.string().describe('Its slug, or its id where you are not a member.');
const entry = { at: z.iso.datetime(), portfolio };

const jobEntry = z.object({ ...entry, id: idOf('job'), kind: jobKindSchema, state: jobStateSchema });

const revisionEntry = z.object({
  ...entry,
  caseStudy: z.string().describe('Its slug, or its id where you are not a member.'),
  number: z.int(),
  changed: z.array(z.string()).max(100).describe('The fields that differ from the revision before.'),
});

const auditEvent = z.object({
  at: z.iso.datetime(),
  portfolio: portfolio.nullable(),
  id: idOf('audit'),
  action: z.string(),
  target: z.string().nullable(),
  credential: z.string().nullable(),
  address: z.string().nullable(),
});

const many = <Item extends z.ZodType>(item: Item) => z.array(item).max(maxOfSort);

/** What the platform stores of a person. */
export const personalDataSchema = z
  .object({
    person: z.object({
      id: z.string(),
      issuer: z.string().nullable(),
      subject: z.string().nullable(),
      name: z.string().nullable(),
      groupRoles: z.record(z.string(), roleSchema).nullable().describe('The roles that your groups gave.'),
      signedInAt: z.iso.datetime().nullable().describe('When you first signed in.'),
      createdAt: z.iso.datetime(),
    }),
    memberships: many(
      z.object({
        portfolio: slugSchema,
        name: z.string(),
        role: roleSchema,
        fromGroup: z.boolean(),
        createdAt: z.iso.datetime(),
      }),
    ),
    keys: many(apiKeySchema),
    sessions: many(sessionSchema.omit({ isCurrent: true })).describe(
      'Those of the last day, and what is open.',
    ),
    invitations: many(invitationSchema.extend({ portfolio })).describe(
      'Those that you have made or accepted, for a month after their end.',
    ),
    jobs: many(jobEntry).describe('Those that you have requested, newest first.'),
    revisions: many(revisionEntry).describe('Those of case studies that you have written, newest first.'),
    auditEvents: many(auditEvent).describe('What you have changed, newest first.'),
    continueBefore: z.iso
      .datetime()
      .nullable()
      .describe('Where a history is longer: the `before` of a request for its next part. Null at the end.'),
  })
  .meta({ id: 'PersonalData' });
