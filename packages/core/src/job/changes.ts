import { type SQL, and, asc, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { streamOperation } from '../operation.ts';
import { ownPortfolioIds } from '../own-portfolios.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { jobFields } from './internal.ts';
import { jobs } from './job.sql.ts';
import { type Job, jobSchema } from './schemas.ts';
import { timeSchema } from '../time.ts';
import { toJob } from './stored.ts';

const snapshotSize = 20;
/** How many changed jobs are read at once; a change of many jobs takes several pages. */
const pageSize = 500;
/** Read again each time, since a row may become visible a little after its timestamp. */
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

    if (since === undefined) {
      const newest = await newestJobs(ctx.db).execute({ own });
      for (const { at: _, ...job } of newest.toReversed()) yield { cursor: job.updatedAt, data: toJob(job) };
      seen = new Map(newest.map(({ id, lastSeq }) => [id, lastSeq]));
      // Without any job yet, every later one is new.
      since = newest[0]?.updatedAt ?? new Date(0).toISOString();
    }

    async function* changesSince(from: string) {
      const inWindow = new Map<string, number>();
      let after: { at: string; id: string } | undefined;
      let page: (Job & { at: string })[];
      do {
        // A former member of a portfolio gets no further changes of it.
        own = await ownPortfolioIds(ctx);
        page = after
          ? await changedAfter(ctx.db).execute({ own, ...after })
          : await changedSince(ctx.db).execute({ own, since: from });
        for (const { at, ...job } of page) {
          after = { at, id: job.id };
          inWindow.set(job.id, job.lastSeq);
          if (seen.get(job.id) === job.lastSeq) continue;
          if (since === undefined || job.updatedAt > since) since = job.updatedAt;
          yield { cursor: since, data: toJob(job) };
        }
      } while (page.length === pageSize);
      // Older changes are not read again.
      seen = inWindow;
    }

    yield* changesSince(since);
    for await (const _ of hints) yield* changesSince(since);
  },
});

const newestJobs = prepared((db) =>
  ownJobs(db).orderBy(desc(jobs.updatedAt)).limit(snapshotSize).prepare('job_changes_newest'),
);

/** The first page of changes, and the later pages. Their cursor has microseconds and the id: many jobs may share a time. */
const changedSince = changed(
  'job_changes_since',
  sql`${jobs.updatedAt} > ${sql.placeholder('since')}::timestamptz - make_interval(secs => ${sql.raw(String(overlapSeconds))})`,
);
const changedAfter = changed(
  'job_changes_after',
  sql`(${jobs.updatedAt}, ${jobs.id}) > (${sql.placeholder('at')}::timestamptz, ${sql.placeholder('id')})`,
);

function changed(name: string, filter: SQL) {
  return prepared((db) =>
    ownJobs(db, filter).orderBy(asc(jobs.updatedAt), asc(jobs.id)).limit(pageSize).prepare(name),
  );
}

/** The jobs of the caller's portfolios, each with the exact time of its last change. */
function ownJobs(db: Db, filter?: SQL) {
  return db
    .select({ ...jobFields, at: sql<string>`${jobs.updatedAt}::text` })
    .from(jobs)
    .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
    .where(and(sql`${jobs.portfolioId} = any(${sql.placeholder('own')})`, filter));
}
