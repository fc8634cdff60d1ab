import { z } from 'zod';
import { idOf } from '../ids.ts';

/** An entry of the audit log. It has the names of the given fields, but not their values. */
export const auditEntrySchema = z
  .object({
    id: idOf('audit'),
    at: z.iso.datetime(),
    actor: z.string().describe('The subject of a user, or the id of a portfolio key.'),
    credential: z
      .string()
      .nullable()
      .describe(
        'What the actor was identified by: the id of a key, or the `jti` of a token; null where it has none.',
      ),
    action: z.string().describe('The operation, such as `caseStudy.publish`.'),
    target: z.string().nullable().describe('The changed resource: its slug, key, id or subject.'),
    fields: z.array(z.string()).max(100).describe('The names of the input fields.'),
  })
  .meta({ id: 'AuditEntry' });
