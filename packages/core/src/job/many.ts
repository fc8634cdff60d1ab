import { z } from 'zod';
import { filterOf } from '../audit-details.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { changeableKinds } from './access.ts';
import { jobsChanged } from './jobs-changed.ts';
import { jobFilterInput, statesInput } from './filter.ts';
import { cancellableStates, retryableStates } from './schemas.ts';
import { transitions } from './transitions.ts';

const manyInput = {
  portfolio: slugSchema,
  ...jobFilterInput,
  limit: z
    .int()
    .min(1)
    .max(1000)
    .default(1000)
    .describe('The maximum number of jobs to change, the oldest first.'),
};

const manyChangedSchema = z
  .object({
    changed: z.int().describe('The number of changed jobs.'),
    hasMore: z.boolean().describe('True if more jobs match: call again.'),
  })
  .meta({ id: 'JobsChanged' });

export const cancelJobs = operation({
  name: 'job.cancelMany',
  kind: 'mutation',
  summary: 'Cancel the queued and running jobs of a portfolio that match a filter, up to 1,000 in a call.',
  scope: 'job:write',
  public: false,
  input: z.strictObject({ ...manyInput, state: statesInput(cancellableStates) }),
  output: manyChangedSchema,
  tenant: tenantBySlug,
  async run(ctx, input, tenant) {
    const { limit, portfolio: _, state = cancellableStates, kind: only, ...rest } = input;
    const portfolioId = tenant.id;
    const filter = { state, kinds: changeableKinds('job.cancelMany', tenant, only), ...rest };
    const { changed, hasMore } = await transitions.cancelMany(ctx.db, { portfolioId, filter, limit });
    ctx.noteDetails({ count: changed.length, filter: filterOf(input) });
    jobsChanged(
      ctx,
      changed.map(({ id: jobId, kind }) => ({ jobId, portfolioId, kind, cancels: true })),
    );
    return { changed: changed.length, hasMore };
  },
});

export const retryJobs = operation({
  name: 'job.retryMany',
  kind: 'mutation',
  summary:
    'Retry the failed, cancelled and dead jobs of a portfolio that match a filter, up to 1,000 in a call. Webhook ' +
    'deliveries are excluded: redeliver their messages instead.',
  scope: 'job:write',
  public: false,
  input: z.strictObject({ ...manyInput, state: statesInput(retryableStates) }),
  output: manyChangedSchema,
  tenant: tenantBySlug,
  async run(ctx, input, tenant) {
    const { limit, portfolio: _, state = retryableStates, kind: only, ...rest } = input;
    const portfolioId = tenant.id;
    const filter = { state, kinds: changeableKinds('job.retryMany', tenant, only), ...rest };
    const { changed, hasMore } = await transitions.requeueMany(ctx.db, { portfolioId, filter, limit });
    ctx.noteDetails({ count: changed.length, filter: filterOf(input) });
    jobsChanged(
      ctx,
      changed.map(({ id: jobId, kind }) => ({ jobId, portfolioId, kind })),
    );
    return { changed: changed.length, hasMore };
  },
});
