import { z } from 'zod';
import { idOf } from '../ids.ts';

/** Who did what when. What was changed is named; what it was changed to is not kept. */
export const auditEntrySchema = z
  .object({
    id: idOf('audit'),
    at: z.iso.datetime(),
    actor: z.string().describe('A subject, or the id of the API key of a portfolio.'),
    action: z.string().describe('The operation, such as `caseStudy.publish`.'),
    target: z.string().nullable().describe('What it was done to: a slug, a key, an id or a subject.'),
    fields: z.array(z.string()).max(100).describe('Names of the fields that were given.'),
  })
  .meta({ id: 'AuditEntry' });
