import { type SQL, and, asc, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx, Db } from '../context.ts';
import { streamOperation } from '../operation.ts';
import { atHome, ownPortfolios } from '../portfolio/internal.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { jobFields } from './internal.ts';
import { jobs } from './job.sql.ts';
import { type Job, jobSchema } from './schemas.ts';

const snapshotSize = 20;
/** Looked at again each time, since rows may become visible a little after their time stamp. */
const overlapSeconds = 5;

export const watchJobs = streamOperation({
  name: 'job.changes',
  summary: "Watch the caller's jobs: the newest ones first, then each job whenever it changes.",
  scope: 'job:read',
  public: false,
  input: z.strictObject({
    lastEventId: z.iso
      .datetime()
      // Postgres has no year 0.
      .refine((time) => time >= '0001', 'Expected a year after 0.')
      .optional()
      .describe('`updatedAt` of the last job that was received.'),
  }),
  output: jobSchema,
  tenant: 'none',
  async *run(ctx, { lastEventId }) {
    const own = new Set((await ownIds(ctx.db).execute(atHome(ctx.actor))).map(({ id }) => id));
    using hints = ctx.jobBus.subscribe((hint) => own.has(hint.portfolioId), ctx.signal);
    let since = lastEventId;
    const seen = new Map<string, number>();

    async function* news() {
      for (const job of await changedSince(ctx, since)) {
        if (seen.get(job.id) === job.lastSeq) continue;
        seen.set(job.id, job.lastSeq);
        if (since === undefined || job.updatedAt > since) since = job.updatedAt;
        yield { cursor: since, data: job };
      }
      if (seen.size > 1000) seen.clear();
    }

    yield* news();
    for await (const _ of hints) yield* news();
  },
});

const ownIds = prepared((db) =>
  db.select({ id: portfolios.id }).from(portfolios).where(ownPortfolios).prepare('portfolio_own_ids'),
);

const newestJobs = prepared((db) =>
  ownJobs(db).orderBy(desc(jobs.updatedAt)).limit(snapshotSize).prepare('job_changes_newest'),
);

const recent = sql`${jobs.updatedAt} >
  ${sql.placeholder('since')}::timestamptz - make_interval(secs => ${sql.raw(String(overlapSeconds))})`;
const changedJobs = prepared((db) =>
  ownJobs(db, recent).orderBy(asc(jobs.updatedAt)).prepare('job_changes_since'),
);

function ownJobs(db: Db, only?: SQL) {
  return db
    .select(jobFields)
    .from(jobs)
    .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
    .where(and(ownPortfolios, only));
}

async function changedSince({ db, actor }: Ctx, since: string | undefined): Promise<Job[]> {
  const home = atHome(actor);
  if (since !== undefined) return changedJobs(db).execute({ ...home, since });
  return (await newestJobs(db).execute(home)).toReversed();
}
