import { and, asc, eq, inArray } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { AppError, invalidInput } from '../errors.ts';
import { acceptJob } from '../job/accept.ts';
import { fileShows } from '../job/kinds.ts';
import { jobSchema, priorityInput } from '../job/schemas.ts';
import { operation } from '../operation.ts';
import { type Tenant, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { metricNotFound } from './internal.ts';
import { metrics } from './metric.sql.ts';
import {
  type ReportFormat,
  type ReportStep,
  countReportSteps,
  maxReportMetrics,
  maxReportSteps,
  reportFormatSchema,
  reportStepSchema,
} from '../job/report-steps.ts';
import { checkRange, rangeInput } from './schemas.ts';

export const reportMetrics = operation({
  name: 'metric.report',
  kind: 'mutation',
  summary: 'Start a job that renders a report of metrics, as CSV or as PDF with charts, and stores it.',
  scope: 'job:write',
  shows: [...fileShows('metrics.report'), 'job:read'],
  public: false,
  input: z
    .strictObject({
      portfolio: slugSchema,
      metrics: z
        .array(slugSchema)
        .min(1)
        .max(maxReportMetrics)
        .optional()
        .describe(
          'The keys of the metrics, in the order of the report; by default all metrics of the portfolio.',
        ),
      ...rangeInput,
      step: reportStepSchema.describe(
        'The length of each row or point, in calendar units in UTC. Weeks start on Monday.',
      ),
      format: reportFormatSchema,
      ...priorityInput,
    })
    .superRefine(checkRange)
    .superRefine(checkSteps),
  output: jobSchema,
  tenant: tenantBySlug,
  async run(ctx, { metrics: keys, from, to, step, format, priority }, tenant) {
    const metricIds = keys
      ? await fetchIds(ctx.db, tenant, [...new Set(keys)])
      : await fetchAllIds(ctx.db, tenant);
    const payload = { metricIds, from, to, step, format };
    return acceptJob(ctx, tenant, {
      kind: 'metrics.report',
      priority,
      subject: `${metricIds.length === 1 ? 'a metric' : `${metricIds.length} metrics`}, ${from.slice(0, 10)} to ${to.slice(0, 10)}`,
      groupKey: `report:${tenant.id}:${hashOf(payload)}`,
      payload,
    });
  },
});

/** Identical reports share a group and run one at a time; different reports run concurrently. */
const hashOf = (payload: object) => createHash('sha256').update(JSON.stringify(payload)).digest('base64url');

type Requested = { from: string; to: string; step: ReportStep; format: ReportFormat };

function checkSteps({ from, to, step, format }: Requested, ctx: z.RefinementCtx) {
  const [max, count] = [maxReportSteps[format], countReportSteps({ from, to }, step)];
  if (count <= max) return;
  const fitting = reportStepSchema.options.find((longer) => countReportSteps({ from, to }, longer) <= max);
  const hint = fitting ? `"${fitting}" would fit` : 'request a shorter range';
  const message = `Expected at most ${max} steps in a ${format.toUpperCase()}, but the range has ${count} ${step}s; ${hint}.`;
  ctx.addIssue({ code: 'custom', path: ['step'], message });
}

async function fetchIds(db: Db, tenant: Tenant, keys: string[]): Promise<string[]> {
  const rows = await db
    .select({ id: metrics.id, key: metrics.key })
    .from(metrics)
    .where(and(eq(metrics.portfolioId, tenant.id), inArray(metrics.key, keys)));
  const idOf = new Map(rows.map(({ key, id }) => [key, id]));
  return keys.map((key) => {
    const id = idOf.get(key);
    if (id === undefined) throw metricNotFound(tenant, key);
    return id;
  });
}

async function fetchAllIds(db: Db, tenant: Tenant): Promise<string[]> {
  const rows = await db
    .select({ id: metrics.id })
    .from(metrics)
    .where(eq(metrics.portfolioId, tenant.id))
    .orderBy(asc(metrics.key))
    .limit(maxReportMetrics + 1);
  if (rows.length === 0)
    throw new AppError('conflict', `Portfolio "${tenant.slug}" has no metrics to report.`);
  if (rows.length <= maxReportMetrics) return rows.map(({ id }) => id);
  const detail = `Expected at most ${maxReportMetrics} metrics, but the portfolio has more. List the metrics to report.`;
  throw invalidInput([{ pointer: '/metrics', detail }]);
}
