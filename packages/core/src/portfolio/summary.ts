import type { AnyPgColumn, PgTable } from 'drizzle-orm/pg-core';
import { and, asc, desc, eq, isNotNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies, caseStudyArtifacts } from '../case-study/case-study.sql.ts';
import { claimEvidence, claims } from '../claim/claim.sql.ts';
import { caseStudyItemFields } from '../case-study/internal.ts';
import { measure, measuredColumns, measuredSchema } from '../claim/provenance.ts';
import { caseStudyItemSchema } from '../case-study/schemas.ts';
import { claimStanding, countStandings } from '../claim/standing.ts';
import { claimStandingSchema, standingsSchema } from '../claim/schemas.ts';
import { metrics } from '../metric/metric.sql.ts';
import { operation } from '../operation.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { isPublished } from '../visibility.ts';
import { portfolios } from './portfolio.sql.ts';

const newestCount = 5;
const headlineCount = 6;

export const summarizePortfolio = operation({
  name: 'portfolio.summary',
  kind: 'query',
  summary:
    'Summarize the published content of a portfolio: counts, newest studies, standings and headline metrics.',
  scope: 'portfolio:read',
  public: true,
  input: z.strictObject({ portfolio: slugSchema }),
  output: z
    .object({
      portfolio: slugSchema,
      name: z.string(),
      tagline: z.string(),
      counts: z
        .object({
          caseStudies: z.int(),
          artifacts: z.int(),
          metrics: z.int(),
          evidence: z.int(),
          claims: z.int(),
        })
        .describe('The numbers of published studies and of the resources that they refer to.'),
      standings: standingsSchema,
      newest: z
        .array(caseStudyItemSchema)
        .max(newestCount)
        .describe('The studies that were published most recently.'),
      headlines: z
        .array(
          z.object({
            caseStudy: slugSchema,
            claim: slugSchema,
            statement: z.string(),
            standing: claimStandingSchema,
            metric: measuredSchema,
          }),
        )
        .max(headlineCount)
        .describe('Measured changes claimed by the newest studies.'),
    })
    .meta({ id: 'PortfolioSummary' }),
  tenant: tenantBySlug,
  async run(ctx, _input, tenant) {
    const at = { portfolioId: tenant.id };
    const [profile, [counts], standings, newest, changes] = await Promise.all([
      profileOf(ctx.db).execute(at),
      countsOf(ctx.db).execute(at),
      standingsOf(ctx.db).execute(at),
      newestOf(ctx.db).execute(at),
      changesOf(ctx.db).execute(at),
    ]);
    const metricOf = await measure(ctx, changes);
    const headlines = changes.map((row) => ({
      caseStudy: row.caseStudy,
      claim: row.claim,
      statement: row.statement,
      standing: row.standing,
      metric: metricOf(row)!,
    }));
    return {
      portfolio: tenant.slug,
      ...profile[0]!,
      counts: counts!,
      standings: countStandings(standings.map(({ standing }) => standing)),
      newest,
      headlines,
    };
  },
});

const { placeholder } = sql;
const publishedHere = and(eq(caseStudies.portfolioId, placeholder('portfolioId')), isPublished);

const published = sql`(select id from ${caseStudies}
  where ${caseStudies.portfolioId} = ${placeholder('portfolioId')} and ${isPublished}) as published`;

/** The number of rows that published studies refer to: distinct ones, or all references. */
const countShown = (table: PgTable, column: AnyPgColumn, which: 'distinct' | 'all' = 'distinct') =>
  sql<number>`(select count(${sql.raw(which)} ${column})::int from ${table} join ${published} on published.id = case_study_id)`;

const profileOf = prepared((db) =>
  db
    .select({ name: portfolios.name, tagline: portfolios.tagline })
    .from(portfolios)
    .where(eq(portfolios.id, placeholder('portfolioId')))
    .prepare('portfolio_summary_profile'),
);

const countsOf = prepared((db) =>
  db
    .select({
      caseStudies: sql<number>`(select count(*)::int from ${published})`,
      artifacts: countShown(caseStudyArtifacts, caseStudyArtifacts.artifactId),
      metrics: countShown(claims, claims.metricId),
      evidence: countShown(claimEvidence, claimEvidence.evidenceId),
      claims: countShown(claims, claims.position, 'all'),
    })
    .from(sql`(select 1) as once`)
    .prepare('portfolio_summary_counts'),
);

const standingsOf = prepared((db) =>
  db
    .select({ standing: claimStanding })
    .from(claims)
    .innerJoin(caseStudies, eq(caseStudies.id, claims.caseStudyId))
    .where(publishedHere)
    .prepare('portfolio_summary_standings'),
);

const newestOf = prepared((db) =>
  db
    .select(caseStudyItemFields)
    .from(caseStudies)
    .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
    .where(publishedHere)
    .orderBy(desc(caseStudies.publishedAt), desc(caseStudies.id))
    .limit(newestCount)
    .prepare('portfolio_summary_newest'),
);

const changesOf = prepared((db) =>
  db
    .select({
      caseStudy: caseStudies.slug,
      claim: claims.key,
      statement: claims.statement,
      standing: claimStanding,
      ...measuredColumns,
    })
    .from(claims)
    .innerJoin(caseStudies, eq(caseStudies.id, claims.caseStudyId))
    .innerJoin(metrics, eq(metrics.id, claims.metricId))
    .where(and(publishedHere, isNotNull(claims.changedAt)))
    .orderBy(desc(caseStudies.publishedAt), desc(caseStudies.id), asc(claims.position))
    .limit(headlineCount)
    .prepare('portfolio_summary_headlines'),
);
