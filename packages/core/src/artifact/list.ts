import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { isVisible, preparedFor } from '../visibility.ts';
import { slugSchema } from '../text.ts';
import { artifacts } from './artifact.sql.ts';
import { artifactFields } from './internal.ts';
import { artifactKindSchema, artifactSchema } from './schemas.ts';

export const listArtifacts = operation({
  name: 'artifact.list',
  kind: 'query',
  summary: 'List the artifacts of a portfolio, newest first.',
  scope: 'artifact:read',
  public: true,
  input: z.strictObject({
    portfolio: slugSchema,
    kind: artifactKindSchema.optional().describe('Only artifacts of this kind.'),
    ...pageInput,
  }),
  output: pageOf(artifactSchema),
  tenant: tenantBySlug,
  async run({ db }, { kind = null, limit, cursor = newest('artifact') }, tenant) {
    const rows = await page(db, tenant).execute({ portfolioId: tenant.id, kind, cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

const page = preparedFor('artifact_list', isVisible.artifact, (db, visible) =>
  db
    .select(artifactFields)
    .from(artifacts)
    .innerJoin(portfolios, eq(portfolios.id, artifacts.portfolioId))
    .where(
      and(
        eq(artifacts.portfolioId, sql.placeholder('portfolioId')),
        visible,
        sql`coalesce(${artifacts.kind} = ${sql.placeholder('kind')}, true)`,
        lt(artifacts.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(artifacts.id))
    .limit(sql.placeholder('limit')),
);
