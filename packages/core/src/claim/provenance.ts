import { asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { evidence, evidenceVersions } from '../evidence/evidence.sql.ts';
import { originOf } from '../evidence/internal.ts';
import { evidenceSchema, evidenceVersionSchema } from '../evidence/schemas.ts';
import { sourceAddress } from '../evidence/source-address.ts';
import { evidenceStanding } from '../evidence/standing.ts';
import { compareWindows, assessChange } from '../metric/compare.ts';
import { metrics } from '../metric/metric.sql.ts';
import { metricSchema, summarySchema } from '../metric/schemas.ts';
import { iso, isoOrNull } from '../sql.ts';
import { slugSchema } from '../text.ts';
import { type Viewer, preparedFor } from '../visibility.ts';
import { claimEvidence, claims } from './claim.sql.ts';
import { claimStandingSchema, maxCited } from './schemas.ts';
import { claimStanding, isChanged } from './standing.ts';

const seenSchema = evidenceVersionSchema.pick({
  number: true,
  sha256: true,
  sizeBytes: true,
  contentType: true,
  fileName: true,
  origin: true,
  fetchedFrom: true,
  fetchedAt: true,
});

/** Cited evidence. `seen` is the version that the author of the claim had seen, null if there was none. */
const citedSchema = evidenceSchema
  .pick({ slug: true, title: true, standing: true, problem: true, sourceUrl: true, checkedAt: true })
  .extend({
    isChanged: z.boolean().describe('Whether the latest bytes differ from those that the author had seen.'),
    freshUntil: z.iso
      .datetime()
      .nullable()
      .describe('When it turns stale unless it is checked; null for never.'),
    seen: seenSchema.nullable(),
    latestVersion: z.int(),
    content: z.string().nullable().describe('Path of the bytes that the author had seen.'),
  })
  .meta({ id: 'CitedEvidence' });

/** The measured averages before and after the change; without a change, `after` is the average of the range. */
export const measuredSchema = metricSchema
  .pick({ key: true, name: true, unit: true, betterWhen: true })
  .extend({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    changedAt: z.iso.datetime().nullable(),
    before: summarySchema.nullable(),
    after: summarySchema,
    difference: z.number().nullable(),
    ratio: z.number().nullable(),
    improved: z.boolean().nullable(),
  })
  .meta({ id: 'Measured' });

export const provenClaimSchema = z
  .object({
    key: slugSchema,
    statement: z.string(),
    standing: claimStandingSchema,
    evidence: z.array(citedSchema).max(maxCited),
    metric: measuredSchema.nullable(),
  })
  .meta({ id: 'ProvenClaim' });

/** A claim with its evidence, its metric and its current standing. */
export type ProvenClaim = z.infer<typeof provenClaimSchema>;

type Cited = Omit<z.infer<typeof citedSchema>, 'content'>;

const seen = ({
  isMember,
}: Viewer) => sql`(select json_build_object('number', v.number, 'sha256', v.sha256, 'sizeBytes', v.size_bytes,
    'contentType', v.content_type, 'fileName', v.file_name, 'origin', ${originOf(sql`v.fetched_from`)},
    'fetchedFrom', ${isMember ? sql`v.fetched_from` : sql`null`}, 'fetchedAt', ${iso(sql`v.fetched_at`)})
  from ${evidenceVersions} v where v.evidence_id = ${evidence.id} and v.number = ${claimEvidence.evidenceVersion})`;

const cited = (viewer: Viewer) => sql<Cited[]>`(
  select coalesce(json_agg(json_build_object(
    'slug', ${evidence.slug}, 'title', ${evidence.title}, 'standing', ${evidenceStanding}, 'problem', ${evidence.problem},
    'sourceUrl', ${sourceAddress(viewer)}, 'checkedAt', ${iso(evidence.checkedAt)}, 'isChanged', ${isChanged},
    'freshUntil', ${iso(sql`(${evidence.checkedAt} + make_interval(secs => ${evidence.freshForSeconds}))`)},
    'latestVersion', ${evidence.latest}, 'seen', ${seen(viewer)}) order by ${claimEvidence.position}), '[]')
  from ${claimEvidence} join ${evidence} on ${evidence.id} = ${claimEvidence.evidenceId}
  where ${claimEvidence.caseStudyId} = ${claims.caseStudyId} and ${claimEvidence.claimKey} = ${claims.key})`;

/** The columns that `measure` needs, from `claims` joined to `metrics`. */
export const measuredColumns = {
  metric: {
    id: metrics.id,
    key: metrics.key,
    name: metrics.name,
    unit: metrics.unit,
    betterWhen: metrics.betterWhen,
  },
  from: isoOrNull(claims.metricFrom),
  to: isoOrNull(claims.metricTo),
  changedAt: isoOrNull(claims.changedAt),
};

// Whoever may see a study may see all claims of it.
const claimsOf = preparedFor('case_study_provenance', sql`true`, (db, _visible, viewer) =>
  db
    .select({
      key: claims.key,
      statement: claims.statement,
      standing: claimStanding,
      evidence: cited(viewer),
      ...measuredColumns,
    })
    .from(claims)
    .leftJoin(metrics, eq(metrics.id, claims.metricId))
    .where(eq(claims.caseStudyId, sql.placeholder('id')))
    .orderBy(asc(claims.position)),
);

/**
 * The claims of a study in order, with evidence, metric and standing, as `viewer` may see them. `portfolio` is the slug of
 * its portfolio.
 */
export async function proveClaims(
  ctx: Pick<Ctx, 'db'>,
  caseStudyId: string,
  portfolio: string,
  viewer: Viewer,
): Promise<ProvenClaim[]> {
  const rows = await claimsOf(ctx.db, viewer).execute({ id: caseStudyId });
  const metricOf = await measure(ctx, rows);
  return rows.map((row) => ({
    key: row.key,
    statement: row.statement,
    standing: row.standing,
    metric: metricOf(row),
    evidence: row.evidence.map((one) => ({
      ...one,
      content:
        one.seen && `/api/v1/portfolios/${portfolio}/evidence/${one.slug}/content?version=${one.seen.number}`,
    })),
  }));
}

type MeasuredRow = {
  metric: { id: string; key: string; name: string; unit: string; betterWhen: 'up' | 'down' } | null;
  from: string | null;
  to: string | null;
  changedAt: string | null;
};

/**
 * Measures the ranges of all rows in one query. Resolves to a function from a row to its measurement. It queries the
 * writer, because the measurement must agree with the claim's standing, which comes from there.
 */
export async function measure<Row extends MeasuredRow>({ db }: Pick<Ctx, 'db'>, rows: Row[]) {
  const ranges = rows.flatMap((row) =>
    row.metric
      ? [{ row, metricId: row.metric.id, from: row.from!, to: row.to!, changedAt: row.changedAt }]
      : [],
  );
  const windows = ranges.length > 0 ? await compareWindows(db, ranges) : [];
  const measured = new Map(
    ranges.map(({ row, from, to, changedAt }, at) => {
      const { id: _, ...metric } = row.metric!;
      const { before, after } = windows[at]!;
      const change = assessChange(metric.betterWhen, before?.value ?? null, after.value);
      return [row, { ...metric, from, to, changedAt, before, after, ...change }] as const;
    }),
  );
  return (row: Row) => measured.get(row) ?? null;
}
