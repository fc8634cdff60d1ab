import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { isVisible, preparedFor } from '../visibility.ts';
import { slugSchema } from '../text.ts';
import { evidence } from './evidence.sql.ts';
import { evidenceFields } from './internal.ts';
import { evidenceSchema, evidenceStandingSchema } from './schemas.ts';
import { evidenceStanding } from './standing.ts';

export const listEvidence = operation({
  name: 'evidence.list',
  kind: 'query',
  summary: 'List the evidence of a portfolio, newest first.',
  scope: 'evidence:read',
  public: true,
  input: z.strictObject({
    portfolio: slugSchema,
    standing: evidenceStandingSchema.optional().describe('Only evidence with this standing.'),
    ...pageInput,
  }),
  output: pageOf(evidenceSchema),
  tenant: tenantBySlug,
  async run({ db }, { standing = null, limit, cursor = newest('evidence') }, tenant) {
    const filter = { portfolioId: tenant.id, standing, cursor, limit: limit + 1 };
    return toPage(await page(db, tenant).execute(filter), limit);
  },
});

const page = preparedFor('evidence_list', isVisible.evidence, (db, visible, viewer) =>
  db
    .select(evidenceFields(viewer))
    .from(evidence)
    .innerJoin(portfolios, eq(portfolios.id, evidence.portfolioId))
    .where(
      and(
        eq(evidence.portfolioId, sql.placeholder('portfolioId')),
        visible,
        sql`coalesce(${evidenceStanding} = ${sql.placeholder('standing')}, true)`,
        lt(evidence.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(evidence.id))
    .limit(sql.placeholder('limit')),
);
