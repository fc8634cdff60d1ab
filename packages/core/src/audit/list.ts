import { and, desc, eq, gte, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { timeSchema } from '../time.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { iso } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema, text } from '../text.ts';
import { auditLog } from './audit.sql.ts';
import { auditEntrySchema } from './schemas.ts';

export const listAudit = operation({
  name: 'audit.list',
  kind: 'query',
  summary: 'List the audit log of a portfolio, newest first. Only owners may read it.',
  scope: 'audit:read',
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    actor: text(255).optional().describe('Only changes by this actor.'),
    credential: text(255)
      .optional()
      .describe('Only changes by this credential: the id of a key, or the `jti` of a token.'),
    action: text(100).optional().describe('Only changes by this operation, such as `caseStudy.publish`.'),
    from: timeSchema.optional().describe('Only changes at this time or later.'),
    to: timeSchema.optional().describe('Only changes before this time.'),
    ...pageInput,
  }),
  output: pageOf(auditEntrySchema),
  tenant: tenantBySlug,
  async run({ db }, { actor, credential, action, from, to, limit, cursor }, tenant) {
    const rows = await db
      .select({
        id: auditLog.id,
        at: iso(auditLog.at),
        actor: auditLog.actor,
        credential: auditLog.credential,
        action: auditLog.action,
        target: auditLog.target,
        fields: auditLog.fields,
      })
      .from(auditLog)
      .where(
        and(
          eq(auditLog.portfolioId, tenant.id),
          cursor === undefined ? undefined : isBefore(cursor),
          actor === undefined ? undefined : eq(auditLog.actor, actor),
          credential === undefined ? undefined : eq(auditLog.credential, credential),
          action === undefined ? undefined : eq(auditLog.action, action),
          from === undefined ? undefined : gte(auditLog.at, from),
          to === undefined ? undefined : lt(auditLog.at, to),
        ),
      )
      .orderBy(desc(auditLog.at), desc(auditLog.id))
      .limit(limit + 1);
    return toPage(rows, limit);
  },
});

/** By time and id, in the order of the index, so that a filter by time reads only the matching range. */
const isBefore = (id: string) =>
  sql`(${auditLog.at}, ${auditLog.id}) < (select at, id from ${auditLog} where id = ${id})`;
