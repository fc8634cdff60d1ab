import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { prepared } from '../sql.ts';
import { tenantOfJob } from '../tenancy.ts';
import { jobs } from './job.sql.ts';
import { jobFileSchema } from './schemas.ts';

const linkLifetimeSeconds = 300;

export const readJobResult = operation({
  name: 'job.result',
  kind: 'query',
  summary: 'Get the file that a job made: a link that works for five minutes.',
  scope: 'job:read',
  public: false,
  input: z.strictObject({ id: idOf('job') }),
  output: jobFileSchema.extend({ url: z.url(), expiresAt: z.iso.datetime() }).meta({ id: 'JobResult' }),
  tenant: tenantOfJob,
  async run({ db, bucket }, { id }) {
    const [job] = await stateAndResult(db).execute({ id });
    if (!job?.result) {
      throw new AppError('conflict', `Job "${id}" is ${job?.state}: only a job that succeeded has a result.`);
    }
    if (!('key' in job.result)) {
      throw new AppError('conflict', `Job "${id}" makes no file: its result is in the job itself.`);
    }
    const expiresAt = new Date(Date.now() + linkLifetimeSeconds * 1000).toISOString();
    return { ...job.result, url: await bucket.signedUrl(job.result.key, linkLifetimeSeconds), expiresAt };
  },
});

const stateAndResult = prepared((db) =>
  db
    .select({ state: jobs.state, result: jobs.result })
    .from(jobs)
    .where(eq(jobs.id, sql.placeholder('id')))
    .prepare('job_result'),
);
