import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { members as portfolioMembers } from '../portfolio/portfolio.sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema, text } from '../text.ts';
import { auditLog } from './audit.sql.ts';
import { fetchEntries, filterInput } from './entries.ts';
import { auditEntrySchema } from './schemas.ts';

export const listAudit = operation({
  name: 'audit.list',
  kind: 'query',
  summary: 'List the audit log of a portfolio, newest first. Only owners may read it.',
  scope: 'audit:read',
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    actor: text(255).optional().describe('Only changes by this person or portfolio key.'),
    ...filterInput,
    members: z
      .boolean()
      .default(false)
      .describe(
        'True to list also what present members changed outside of portfolios, such as their own keys.',
      ),
    ...pageInput,
  }),
  output: pageOf(auditEntrySchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor, members, ...filter }, tenant) {
    const page = { limit: limit + 1, cursor };
    const ofPortfolio = fetchEntries(db, eq(auditLog.portfolioId, tenant.id), filter, page);
    if (!members) return toPage(await ofPortfolio, limit);
    const { personId, portfolioId } = portfolioMembers;
    const present = db.select({ id: personId }).from(portfolioMembers).where(eq(portfolioId, tenant.id));
    const ofMembers = and(isNull(auditLog.portfolioId), isPersonal, inArray(auditLog.actor, present));
    const found = await Promise.all([ofPortfolio, fetchEntries(db, ofMembers, filter, page)]);
    return toPage(found.flat().toSorted(newestFirst).slice(0, page.limit), limit);
  },
});

/** What is about the member's own account. As an operator, or in a portfolio that is gone, they acted for others. */
const isPersonal = sql`${auditLog.action} !~ '^(operator|portfolio)\\.'`;

type Entry = Awaited<ReturnType<typeof fetchEntries>>[number];

const position = ({ exactAt, id }: Entry) => `${exactAt} ${id}`;
const newestFirst = (a: Entry, b: Entry) => (position(a) < position(b) ? 1 : -1);
