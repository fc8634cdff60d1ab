import { z } from 'zod';
import { auditDetailsSchema } from '../audit-details.ts';
import { idOf } from '../ids.ts';
import { readerOf } from '../stored-json.ts';

/** Reads the stored details of an entry. */
export const readDetails = readerOf(auditDetailsSchema);

const address = z
  .string()
  .nullable()
  .describe(
    'The address that the call came from; null where it is not known, and once the person is erased.',
  );

/** An entry of the audit log. It has the names of the given fields, but not their values. */
export const auditEntrySchema = z
  .object({
    id: idOf('audit'),
    at: z.iso.datetime(),
    actor: z.string().describe('The id of a person, or of a portfolio key.'),
    actorName: z.string().nullable().describe('The name of the person; null for keys and erased people.'),
    credential: z
      .string()
      .nullable()
      .describe(
        'What the actor was identified by: the id of a key or session, or the `jti` of a token; null where it has none.',
      ),
    address,
    requestId: z.string().nullable().describe('The id of the request in the log of the API (`reqId`).'),
    action: z.string().describe('The operation, such as `caseStudy.publish`.'),
    target: z.string().nullable().describe('The changed resource: its slug, key or id.'),
    fields: z.array(z.string()).max(100).describe('The names of the input fields.'),
    details: auditDetailsSchema
      .nullable()
      .describe('Roles or scopes before and after; the number and the filter of bulk changes.'),
    sealedIn: z
      .int()
      .nullable()
      .describe('The number of the seal in the hash chain; null until the entry is sealed.'),
  })
  .meta({ id: 'AuditEntry' });

/** The newest seal of a hash chain. */
export const auditHeadSchema = z
  .object({
    head: z
      .string()
      .nullable()
      .describe('Chain, number and hash, to give to the command that verifies; null before the first seal.'),
    number: z.int().describe('How many seals there are.'),
    hash: z.string().nullable().describe('The hash of the newest seal, in hexadecimal.'),
    sealedAt: z.iso.datetime().nullable(),
    unsealed: z.int().describe('How many entries wait for the next seal.'),
  })
  .meta({ id: 'AuditHead' });

export const securityEventKindSchema = z.enum([
  'credential.refused',
  'scope.refused',
  'portfolio.refused',
  'sign-in.refused',
  'origin.refused',
]);
export type SecurityEventKind = z.infer<typeof securityEventKindSchema>;

/** Refusals within an hour that have everything but the time in common. */
export const securityEventSchema = z
  .object({
    id: idOf('securityEvent'),
    kind: securityEventKindSchema,
    actor: z
      .string()
      .nullable()
      .describe('The id of the person or portfolio key; null where nobody was identified.'),
    actorName: z.string().nullable(),
    credential: z.string().nullable().describe('The id of the key, also if it has ended, or of the session.'),
    address,
    operation: z.string().nullable().describe('The operation that was called.'),
    count: z.int().describe('How often that happened.'),
    firstAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
  })
  .meta({ id: 'SecurityEvent' });
