import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Bucket } from '../context.ts';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { prepared } from '../sql.ts';
import { requireAlso } from '../tenancy.ts';
import { tenantOfJob } from './access.ts';
import { jobs } from './job.sql.ts';
import { type StoredResult, fileShows, jobFileSchema } from './kinds.ts';
import { readResult } from './stored.ts';

const linkLifetimeSeconds = 300;

/** The file that a job produced, and a link to it. */
export const jobResultLinkSchema = jobFileSchema
  .extend({ url: z.url(), expiresAt: z.iso.datetime() })
  .meta({ id: 'JobResult' });

/** The file with a link that is valid for five minutes. */
export async function linkToFile(bucket: Bucket, file: StoredResult<'export.pdf' | 'metrics.report'>) {
  const expiresAt = new Date(Date.now() + linkLifetimeSeconds * 1000).toISOString();
  return { ...file, url: await bucket.signedUrl(file.key, linkLifetimeSeconds), expiresAt };
}

export const readJobResult = operation({
  name: 'job.result',
  kind: 'query',
  summary:
    'Get a link to the file that a job produced, valid for five minutes. It needs the read scopes of what the file shows.',
  scope: 'job:read',
  public: false,
  input: z.strictObject({ id: idOf('job') }),
  output: jobResultLinkSchema,
  tenant: tenantOfJob,
  async run({ db, bucket }, { id }, tenant) {
    const [job] = await stateAndResult(db).execute({ id });
    if (job) requireAlso({ name: 'job.result' }, tenant, fileShows(job.kind));
    if (!job?.result) {
      throw new AppError('conflict', `Job "${id}" is ${job?.state}: only a job that succeeded has a result.`);
    }
    const result = readResult(job.kind, job.result);
    if (!('key' in result)) {
      throw new AppError(
        'conflict',
        `Jobs of the kind "${job.kind}" produce no file. Read "result" of job "${id}" instead.`,
      );
    }
    if (result.deletedAt !== undefined)
      throw new AppError('not_found', `The file of job "${id}" was deleted at ${result.deletedAt}.`);
    return linkToFile(bucket, result);
  },
});

const stateAndResult = prepared((db) =>
  db
    .select({ kind: jobs.kind, state: jobs.state, result: jobs.result })
    .from(jobs)
    .where(eq(jobs.id, sql.placeholder('id')))
    .prepare('job_result'),
);
