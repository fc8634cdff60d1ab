import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { fetchJob } from '../job/internal.ts';
import { jobs } from '../job/job.sql.ts';
import { jobResultLinkSchema, linkToFile } from '../job/result.ts';
import { type StoredResults, jobSchema } from '../job/schemas.ts';
import { operation } from '../operation.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { exportCaseStudy, exportGroup } from './export.ts';
import { fetchCaseStudy } from './internal.ts';
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
    const { id, version } = await fetchCaseStudy(ctx, tenant, ref.slug);
    const group = { groupKey: exportGroup(id) };
    const [made] = await exportOf(ctx.db).execute({ ...group, version: String(version) });
    if (made)
      return { file: await linkToFile(ctx.bucket, made.result as StoredResults['export.pdf']), job: null };
    if (!tenant.insider) {
      throw new AppError('not_found', `There is no PDF of case study "${ref.slug}" as it is now.`);
    }
    const [waiting] = await waitingExport(ctx.db).execute(group);
    return {
      file: null,
      job: waiting ? await fetchJob(ctx, waiting.id) : await exportCaseStudy.run(ctx, ref),
    };
  },
});

const inGroup = eq(jobs.groupKey, sql.placeholder('groupKey'));

/** The newest file of exactly this version: older ones may hold what is no longer published. */
const exportOf = prepared((db) =>
  db
    .select({ result: jobs.result })
    .from(jobs)
    .where(
      and(
        inGroup,
        eq(jobs.state, 'succeeded'),
        sql`${jobs.result} ->> 'studyVersion' = ${sql.placeholder('version')}`,
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
