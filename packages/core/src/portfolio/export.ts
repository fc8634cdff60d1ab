import { z } from 'zod';
import { AppError } from '../errors.ts';
import { acceptJob } from '../job/accept.ts';
import { fileShows } from '../job/kinds.ts';
import { jobSchema, priorityInput } from '../job/schemas.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { countPublished } from './export-source.ts';

export const exportPortfolio = operation({
  name: 'portfolio.export',
  kind: 'mutation',
  summary: 'Start a job that renders a PDF of all published case studies of a portfolio and stores it.',
  scope: 'job:write',
  shows: [...fileShows('export.pdf'), 'job:read'],
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...priorityInput }),
  output: jobSchema,
  tenant: tenantBySlug,
  async run(ctx, { priority }, tenant) {
    if ((await countPublished(ctx.db, tenant.id)) === 0) {
      throw new AppError(
        'conflict',
        `Portfolio "${tenant.slug}" has no published case studies: publish a case study first.`,
      );
    }
    return acceptJob(ctx, tenant, {
      kind: 'export.pdf',
      priority,
      subject: `portfolio “${tenant.name}”`,
      groupKey: `export:${tenant.id}`,
      payload: { portfolioId: tenant.id },
    });
  },
});
