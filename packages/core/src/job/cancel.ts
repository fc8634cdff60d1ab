import { z } from 'zod';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantOfJob } from './access.ts';
import { fetchJob } from './internal.ts';
import { jobsChanged } from './jobs-changed.ts';
import { jobSchema } from './schemas.ts';
import { transitions } from './transitions.ts';

export const cancelJob = operation({
  name: 'job.cancel',
  kind: 'mutation',
  summary:
    'Cancel a job. A queued job is cancelled immediately, a running job as soon as its worker has stopped.',
  scope: 'job:write',
  shows: ['job:read'],
  public: false,
  input: z.strictObject({ id: idOf('job') }),
  output: jobSchema,
  tenant: tenantOfJob,
  async run(ctx, { id }, tenant) {
    const changed = await transitions.cancel(ctx.db, id);
    if (changed) {
      const { kind } = changed;
      jobsChanged(ctx, [{ jobId: id, portfolioId: tenant.id, kind, cancels: true }]);
    }
    const job = await fetchJob(ctx, id);
    if (!changed && job.cancelRequestedAt === null) {
      throw new AppError(
        'conflict',
        `Job "${id}" is ${job.state}: only a queued or running job can be cancelled.`,
      );
    }
    return job;
  },
});
