import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { fetchJob } from '../job/internal.ts';
import { jobs } from '../job/job.sql.ts';
import { fileShows } from '../job/kinds.ts';
import { jobResultLinkSchema, linkToFile } from '../job/result.ts';
import { jobSchema } from '../job/schemas.ts';
import { readResult } from '../job/stored.ts';
import { operation } from '../operation.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { outsideReader } from '../visibility.ts';
import { acceptExport, exportCaseStudy, exportGroup } from './export.ts';
import { outsideView, stateOf } from './export-source.ts';
import { fetchCaseStudy } from './internal.ts';
import { claimEvidence } from '../claim/claim.sql.ts';
import { proveClaims } from '../claim/provenance.ts';
import { evidence, evidenceVersions } from '../evidence/evidence.sql.ts';
import { caseStudyRef } from './schemas.ts';

export const readCaseStudyPdf = operation({
  name: 'caseStudy.pdf',
  kind: 'query',
  summary: 'Get the current PDF of a case study: a link, valid for five minutes, or the job that renders it.',
  scope: 'case-study:read',
  shows: [...fileShows('export.pdf'), 'job:read'],
  public: true,
  input: z.strictObject(caseStudyRef),
  output: z
    .object({
      file: jobResultLinkSchema.nullable(),
      job: jobSchema.nullable().describe('The job to wait for, if the current version has no PDF yet.'),
    })
    .meta({ id: 'CaseStudyPdf' }),
  tenant: tenantBySlug,
  async run(ctx, ref, tenant) {
    const { id, version, portfolio } = await fetchCaseStudy(ctx, tenant, ref.slug);
    const group = { groupKey: exportGroup(id) };
    // Anonymous readers get the newest file, which shows its date, because they cannot start a job.
    const claims = tenant.isMember ? await proveClaims(onWriter(ctx), id, portfolio, outsideReader) : null;
    const state = claims && stateOf(version, claims);
    const [made] = await exportOf(ctx.db).execute({ ...group, id, version: String(version), state });
    if (made) return { file: await linkToFile(ctx.bucket, readResult('export.pdf', made.result)), job: null };
    if (!tenant.isMember) {
      throw new AppError('not_found', `The current version of case study "${ref.slug}" has no PDF.`);
    }
    const [waiting] = await waitingExport(ctx.db).execute(group);
    return {
      file: null,
      job: waiting ? await fetchJob(ctx, waiting.id) : await exportOnce.run(ctx, ref),
    };
  },
});

/** The replica may lag behind the data that the file was rendered from. */
const onWriter = ({ db }: Ctx) => ({ db, reader: db });

/** As `exportCaseStudy`, but concurrent requests share one job. */
const exportOnce = operation({
  ...exportCaseStudy,
  kind: 'mutation',
  tenant: tenantBySlug,
  async run(ctx, { slug }, tenant) {
    const study = await fetchCaseStudy(ctx, tenant, slug);
    const groupKey = exportGroup(study.id);
    await ctx.db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${groupKey}, 0))`);
    const [waiting] = await waitingExport(ctx.db).execute({ groupKey });
    return waiting ? fetchJob(ctx, waiting.id) : acceptExport(ctx, tenant, study);
  },
});

const inGroup = eq(jobs.groupKey, sql.placeholder('groupKey'));

/** Files of release 0.1.0 show addresses of sources that only members may see, where evidence was fetched. */
const showsNoSecret = sql`(starts_with(${jobs.result} ->> 'state', ${outsideView}) or not exists (
  select 1 from ${claimEvidence} join ${evidence} on ${evidence.id} = ${claimEvidence.evidenceId}
  where ${claimEvidence.caseStudyId} = ${sql.placeholder('id')} and (${evidence.sourceUrl} is not null or exists (
    select 1 from ${evidenceVersions}
    where ${evidenceVersions.evidenceId} = ${evidence.id} and ${evidenceVersions.fetchedFrom} is not null))))`;

/**
 * The newest file of exactly this version, because older ones may show content that is no longer published. With a
 * `state`, also of exactly this state, because the standing of claims changes without a new version.
 */
const exportOf = prepared((db) =>
  db
    .select({ result: jobs.result })
    .from(jobs)
    .where(
      and(
        inGroup,
        eq(jobs.state, 'succeeded'),
        sql`${jobs.result} ->> 'deletedAt' is null`,
        sql`${jobs.result} ->> 'studyVersion' = ${sql.placeholder('version')}`,
        sql`coalesce(${jobs.result} ->> 'state' = ${sql.placeholder('state')}, ${sql.placeholder('state')}::text is null)`,
        showsNoSecret,
      ),
    )
    .orderBy(desc(jobs.id))
    .limit(1)
    .prepare('case_study_pdf'),
);

const waitingExport = prepared((db) =>
  db
    .select({ id: jobs.id })
    .from(jobs)
    .where(and(inGroup, sql`${jobs.state} in ('queued', 'running')`))
    .orderBy(desc(jobs.id))
    .limit(1)
    .prepare('case_study_pdf_waiting'),
);
