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
  summary: 'List who changed what in a portfolio, newest first; for its owners.',
  scope: 'audit:read',
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    actor: text(255).optional().describe('Changes by this actor only.'),
    action: text(100).optional().describe('Changes by this operation only, such as `caseStudy.publish`.'),
    from: timeSchema.optional().describe('Changes from this time on.'),
    to: timeSchema.optional().describe('Changes before this time.'),
    ...pageInput,
  }),
  output: pageOf(auditEntrySchema),
  tenant: tenantBySlug,
  async run({ db }, { actor, action, from, to, limit, cursor }, tenant) {
    const rows = await db
      .select({
        id: auditLog.id,
        at: iso(auditLog.at),
        actor: auditLog.actor,
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

/** By time and then by id, as the index has them: a filter by time reads no more than that time. */
const isBefore = (id: string) =>
  sql`(${auditLog.at}, ${auditLog.id}) < (select at, id from ${auditLog} where id = ${id})`;
