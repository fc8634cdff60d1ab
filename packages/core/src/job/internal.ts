import { and, asc, eq, gt, sql } from 'drizzle-orm';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, jsonObject, prepared } from '../sql.ts';
import { jobEvents, jobs } from './job.sql.ts';
import type { JobResult } from './kinds.ts';
import type { JobPriority } from './priority.ts';
import type { Job } from './schemas.ts';
import { readError, toJob } from './stored.ts';
import { stalled, waiting } from './waiting.ts';

/** The public fields of a job, for `toJob`. */
export const jobFields = {
  id: jobs.id,
  portfolio: portfolios.slug,
  kind: jobs.kind,
  title: jobs.title,
  state: jobs.state,
  priority: sql<JobPriority>`(array['high', 'normal', 'low'])[${jobs.priority} + 1]`,
  attempt: jobs.attempt,
  maxAttempts: jobs.maxAttempts,
  progress: jobs.progress,
  step: jobs.step,
  result: sql<JobResult | null>`${jobs.result}`,
  error: jobs.error,
  requestedBy: jobs.requestedBy,
  lastSeq: jobs.lastSeq,
  traceId: sql<string | null>`substr(${jobs.traceparent}, 4, 32)`,
  retryAt: sql<
    string | null
  >`case when ${jobs.state} = 'queued' and ${jobs.attempt} > 0 then ${iso(jobs.runAt)} end`,
  waiting,
  stalled,
  cancelRequestedAt: isoOrNull(jobs.cancelRequestedAt),
  createdAt: iso(jobs.createdAt),
  updatedAt: iso(jobs.updatedAt),
  startedAt: isoOrNull(jobs.startedAt),
  finishedAt: isoOrNull(jobs.finishedAt),
};

const byId = prepared((db) =>
  db
    .select({ json: jsonObject<Job>(jobFields) })
    .from(jobs)
    .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
    .where(eq(jobs.id, sql.placeholder('id')))
    .prepare('job_by_id'),
);

/** Reads a job after the tenancy check has passed. Throws `not_found` if it was deleted in the meantime. */
export async function fetchJob({ db }: Pick<Ctx, 'db'>, id: string): Promise<Job> {
  const [row] = await byId(db).execute({ id });
  if (!row) throw jobNotFound(id);
  return toJob(row.json);
}

export const jobNotFound = (id: string) => new AppError('not_found', `There is no job "${id}".`);

/** The public fields of an event. */
export const eventFields = {
  seq: jobEvents.seq,
  at: iso(jobEvents.at),
  type: jobEvents.type,
  state: jobEvents.state,
  attempt: jobEvents.attempt,
  progress: jobEvents.progress,
  step: jobEvents.step,
  error: jobEvents.error,
};

/** How many events are read at once. */
const eventsPerRead = 500;

const eventsAfter = prepared((db) =>
  db
    .select(eventFields)
    .from(jobEvents)
    .where(and(eq(jobEvents.jobId, sql.placeholder('id')), gt(jobEvents.seq, sql.placeholder('after'))))
    .orderBy(asc(jobEvents.seq))
    .limit(eventsPerRead)
    .prepare('job_events_after'),
);

/** The next events of a job after a number, in order; up to 500. */
export async function fetchEvents(db: Db, id: string, after: number) {
  const events = await eventsAfter(db).execute({ id, after });
  return events.map((event) => ({ ...event, error: readError(event.error) }));
}
