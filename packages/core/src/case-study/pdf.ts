import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { fetchJob } from '../job/internal.ts';
import { jobs } from '../job/job.sql.ts';
import { jobResultLinkSchema, linkToFile } from '../job/result.ts';
import { jobSchema } from '../job/schemas.ts';
import { readResult } from '../job/stored.ts';
import { operation } from '../operation.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { acceptExport, exportCaseStudy, exportGroup } from './export.ts';
import { stateOf } from './export-source.ts';
import { fetchCaseStudy } from './internal.ts';
import { proveClaims } from '../claim/provenance.ts';
import { caseStudyRef } from './schemas.ts';

export const readCaseStudyPdf = operation({
  name: 'caseStudy.pdf',
  kind: 'query',
  summary: 'Get the PDF of a case study as it is now: a link for five minutes, or the job that makes it.',
  scope: 'case-study:read',
  public: true,
  input: z.strictObject(caseStudyRef),
  output: z
    .object({
      file: jobResultLinkSchema.nullable(),
      job: jobSchema
        .nullable()
        .describe('What to wait for, where there is no file of the present version yet.'),
    })
    .meta({ id: 'CaseStudyPdf' }),
  tenant: tenantBySlug,
  async run(ctx, ref, tenant) {
    const { id, version, portfolio } = await fetchCaseStudy(ctx, tenant, ref.slug);
    const group = { groupKey: exportGroup(id) };
    // To strangers the newest file will do, which says of when it is: they cannot ask for another.
    const state = tenant.isMember ? stateOf(version, await proveClaims(atOnce(ctx), id, portfolio)) : null;
    const [made] = await exportOf(ctx.db).execute({ ...group, version: String(version), state });
    if (made) return { file: await linkToFile(ctx.bucket, readResult('export.pdf', made.result)), job: null };
    if (!tenant.isMember) {
      throw new AppError('not_found', `There is no PDF of case study "${ref.slug}" as it is now.`);
    }
    const [waiting] = await waitingExport(ctx.db).execute(group);
    return {
      file: null,
      job: waiting ? await fetchJob(ctx, waiting.id) : await exportOnce.run(ctx, ref),
    };
  },
});

/** A reader may lag behind what the file was made of. */
const atOnce = ({ db }: Ctx) => ({ db, reader: db });

/** As `exportCaseStudy`, but of many that ask at once, one makes the job, and the others get the same. */
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

/**
 * The newest file of exactly this version, older ones may hold what is no longer published; and of this state, where
 * one is given: what claims are worth changes without a new version.
 */
const exportOf = prepared((db) =>
  db
    .select({ result: jobs.result })
    .from(jobs)
    .where(
      and(
        inGroup,
        eq(jobs.state, 'succeeded'),
        sql`${jobs.result} ->> 'studyVersion' = ${sql.placeholder('version')}`,
        sql`coalesce(${jobs.result} ->> 'state' = ${sql.placeholder('state')}, ${sql.placeholder('state')}::text is null)`,
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
