import { type SQL, and, asc, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { streamOperation } from '../operation.ts';
import { ownPortfolioIds } from '../portfolio/internal.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { jobFields } from './internal.ts';
import { jobs } from './job.sql.ts';
import { type Job, jobSchema, timeSchema } from './schemas.ts';

const snapshotSize = 20;
/** How many changed jobs are read at once. */
const roundSize = 500;
/** Looked at again each time, since rows may become visible a little after their time stamp. */
const overlapSeconds = 5;

export const watchJobs = streamOperation({
  name: 'job.changes',
  summary: "Watch the caller's jobs: the newest ones first, then each job whenever it changes.",
  scope: 'job:read',
  public: false,
  input: z.strictObject({
    lastEventId: timeSchema.optional().describe('`updatedAt` of the last job that was received.'),
  }),
  output: jobSchema,
  tenant: 'none',
  async *run(ctx, { lastEventId }) {
    let own = await ownPortfolioIds(ctx);
    using hints = ctx.jobBus.subscribe((hint) => own.includes(hint.portfolioId), ctx.signal);
    let since = lastEventId;
    let seen = new Map<string, number>();

    async function* news() {
      let fresh: Job[];
      do {
        // Who left a portfolio, or was removed, hears no more of it.
        own = await ownPortfolioIds(ctx);
        const changed = await changedSince(ctx.db, own, since);
        fresh = changed.filter(({ id, lastSeq }) => seen.get(id) !== lastSeq);
        // What is older than this round is not read again.
        seen = new Map(changed.map(({ id, lastSeq }) => [id, lastSeq]));
        for (const job of fresh) {
          if (since === undefined || job.updatedAt > since) since = job.updatedAt;
          yield { cursor: since, data: job };
        }
      } while (fresh.length > 0);
    }

    yield* news();
    for await (const _ of hints) yield* news();
  },
});

const newestJobs = prepared((db) =>
  ownJobs(db).orderBy(desc(jobs.updatedAt)).limit(snapshotSize).prepare('job_changes_newest'),
);

const recent = sql`${jobs.updatedAt} >
  ${sql.placeholder('since')}::timestamptz - make_interval(secs => ${sql.raw(String(overlapSeconds))})`;
const changedJobs = prepared((db) =>
  ownJobs(db, recent).orderBy(asc(jobs.updatedAt)).limit(roundSize).prepare('job_changes_since'),
);

function ownJobs(db: Db, only?: SQL) {
  return db
    .select(jobFields)
    .from(jobs)
    .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
    .where(and(sql`${jobs.portfolioId} = any(${sql.placeholder('own')})`, only));
}

async function changedSince(db: Db, own: string[], since: string | undefined): Promise<Job[]> {
  if (since !== undefined) return changedJobs(db).execute({ own, since });
  return (await newestJobs(db).execute({ own })).toReversed();
}
