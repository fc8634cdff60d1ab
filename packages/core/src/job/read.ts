import { z } from 'zod';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantOfJob } from './access.ts';
import { fetchJob } from './internal.ts';
import { jobSchema } from './schemas.ts';

export const readJob = operation({
  name: 'job.read',
  kind: 'query',
  summary: 'Read a job.',
  scope: 'job:read',
  public: false,
  input: z.strictObject({ id: idOf('job') }),
  output: jobSchema,
  tenant: tenantOfJob,
  run: (ctx, { id }) => fetchJob(ctx, id),
});
