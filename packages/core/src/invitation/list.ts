import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { invitationFields } from './internal.ts';
import { invitations } from './invitation.sql.ts';
import { invitationSchema } from './schemas.ts';

export const listInvitations = operation({
  name: 'invitation.list',
  kind: 'query',
  summary:
    'List the invitations to a portfolio, newest first, for a month after they have ended. Owners may do this.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...pageInput }),
  output: pageOf(invitationSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor = newest('invitation') }, tenant) {
    const rows = await db
      .select(invitationFields)
      .from(invitations)
      .innerJoin(portfolios, eq(portfolios.id, invitations.portfolioId))
      .where(and(eq(invitations.portfolioId, tenant.id), lt(invitations.id, cursor)))
      .orderBy(desc(invitations.id))
      .limit(limit + 1);
    return toPage(rows, limit);
  },
});
