import { z } from 'zod';
import { roleSchema, scopeSchema } from './actor.ts';
import { text } from './text.ts';

const scopesSchema = z.array(scopeSchema).max(scopeSchema.options.length);

/** What an entry of the audit log says beside the names of fields. Operations note it with `noteDetails`. */
export const auditDetailsSchema = z.object({
  role: z
    .object({ before: roleSchema.nullable(), after: roleSchema.nullable() })
    .optional()
    .describe('The role of a member before and after; null where it had none.'),
  scopes: z
    .object({ before: scopesSchema.nullable(), after: scopesSchema.nullable() })
    .optional()
    .describe('The scopes of a key before and after; null where there was none.'),
  count: z.int().optional().describe('How many items a bulk change has changed.'),
  filter: z
    .record(text(100), z.union([text(2000), z.number(), z.array(text(2000)).max(100)]))
    .optional()
    .describe('Which items a bulk change was for.'),
});
export type AuditDetails = z.infer<typeof auditDetailsSchema>;

/** The filter of a bulk change, from its input. */
export function filterOf(input: Record<string, unknown>): NonNullable<AuditDetails['filter']> {
  const given = Object.entries(input).filter(([name, value]) => name !== 'portfolio' && value !== undefined);
  return Object.fromEntries(given) as NonNullable<AuditDetails['filter']>;
}
