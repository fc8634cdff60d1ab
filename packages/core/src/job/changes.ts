import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { streamOperation } from '../operation.ts';
import { ownPortfolios } from '../portfolio/internal.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
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
    lastEventId: z.iso.datetime().optional().describe('`updatedAt` of the last job that was received.'),
  }),
  output: jobSchema,
  tenant: 'none',
  async *run(ctx, { lastEventId }) {
    const own = new Set((await ownIds(ctx)).map(({ id }) => id));
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

function ownIds({ db, actor }: Ctx) {
  return db.select({ id: portfolios.id }).from(portfolios).where(ownPortfolios(actor));
}

async function changedSince({ db, actor }: Ctx, since: string | undefined): Promise<Job[]> {
  const recent =
    since && sql`${jobs.updatedAt} > ${since}::timestamptz - make_interval(secs => ${overlapSeconds})`;
  const query = db
    .select(jobFields)
    .from(jobs)
    .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
    .where(and(ownPortfolios(actor), recent || undefined))
    .orderBy(desc(jobs.updatedAt));
  const rows = since ? await query : await query.limit(snapshotSize);
  return rows.toReversed();
}
