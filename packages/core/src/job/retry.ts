import { z } from 'zod';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantOfJob } from './access.ts';
import { fetchJob } from './internal.ts';
import { jobsChanged } from './jobs-changed.ts';
import { jobSchema } from './schemas.ts';
import { transitions } from './transitions.ts';

export const retryJob = operation({
  name: 'job.retry',
  kind: 'mutation',
  summary:
    'Retry a failed, cancelled or dead job, with as many attempts as a new one. A webhook delivery cannot be retried: redeliver its message instead.',
  scope: 'job:write',
  shows: ['job:read'],
  public: false,
  input: z.strictObject({ id: idOf('job') }),
  output: jobSchema,
  tenant: tenantOfJob,
  async run(ctx, { id }, tenant) {
    const changed = await transitions.requeue(ctx.db, id);
    const job = await fetchJob(ctx, id);
    if (!changed && job.kind === 'webhook.deliver') {
      throw new AppError(
        'conflict',
        `Job "${id}" delivers a webhook message and cannot be retried. Redeliver the message, which creates a new job.`,
      );
    }
    if (!changed) {
      throw new AppError(
        'conflict',
        `Job "${id}" is ${job.state}: only a failed, cancelled or dead job can be retried.`,
      );
    }
    jobsChanged(ctx, [{ jobId: id, portfolioId: tenant.id, kind: job.kind }]);
    return job;
  },
});
