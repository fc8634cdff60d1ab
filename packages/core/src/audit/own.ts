import { and, eq, isNull, or } from 'drizzle-orm';
import { z } from 'zod';
import { actorName } from '../actor.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { auditLog } from './audit.sql.ts';
import { fetchEntries, filterInput } from './entries.ts';
import { auditEntrySchema } from './schemas.ts';

export const listOwnAudit = operation({
  name: 'audit.own',
  kind: 'query',
  summary:
    'List what you have changed outside of portfolios, such as your own keys, and the portfolios that you have created, newest first.',
  scope: 'audit:read',
  public: false,
  input: z.strictObject({ ...filterInput, ...pageInput }),
  output: pageOf(auditEntrySchema),
  tenant: 'none',
  async run({ actor, db }, { limit, cursor, ...filter }) {
    const isOwn = and(
      eq(auditLog.actor, actorName(actor)),
      or(isNull(auditLog.portfolioId), eq(auditLog.action, 'portfolio.create')),
    );
    return toPage(await fetchEntries(db, isOwn, filter, { limit: limit + 1, cursor }), limit);
  },
});
