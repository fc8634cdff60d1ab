import { and, eq, isNotNull, lte, sql } from 'drizzle-orm';
import { emptyAnswers } from '../answers.ts';
import { runEach } from '../batches.ts';
import type { Db } from '../context.ts';
import { forgetFormer } from '../former-slug.ts';
import { jobs } from '../job/job.sql.ts';
import { caseStudies } from './case-study.sql.ts';

/**
 * Deletes the studies for good whose time in the bin is over and of which no export runs any more, with their exports. A
 * trigger records the files as removable. Workers may do so concurrently. Resolves to the number of studies.
 */
export async function purgeDueCaseStudies(db: Db, signal: AbortSignal): Promise<number> {
  const due = await db.select({ id: caseStudies.id }).from(caseStudies).where(and(isDue, isIdle));
  const purges = due.map(
    ({ id }) =>
      async () =>
        (await deleteForGood(db, id)) ? 1 : 0,
  );
  return runEach(purges, signal);
}

const isDue = and(isNotNull(caseStudies.binnedAt), lte(caseStudies.purgeAt, sql`now()`));

const ofStudy = sql`${jobs.groupKey} = 'export:' || ${caseStudies.id}`;
/** It may contain the study, if it began before that was put into the bin. */
const ofPortfolio = sql`${jobs.groupKey} = 'export:' || ${caseStudies.portfolioId}
  and ${jobs.startedAt} <= ${caseStudies.binnedAt}`;

/** An export that still runs could store its file after the others were removed. */
const isIdle = sql`not exists (
  select 1 from ${jobs} where ${jobs.state} = 'running' and (${ofStudy} or ${ofPortfolio}))`;

/** What is due cannot be undeleted any more. False if another worker has deleted it. */
function deleteForGood(db: Db, id: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`
      delete from ${jobs} using ${caseStudies} where ${caseStudies.id} = ${id} and ${isDue}
        and (${ofStudy} or ${ofPortfolio} and ${jobs.finishedAt} is not null)`);
    await forgetFormer(tx, 'case-study', id);
    await emptyAnswers(tx, [id]);
    const deleted = await tx
      .delete(caseStudies)
      .where(and(eq(caseStudies.id, id), isDue))
      .returning({ id: caseStudies.id });
    return deleted.length > 0;
  });
}
