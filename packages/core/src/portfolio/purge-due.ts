import { and, asc, eq, inArray, isNotNull, lte, sql } from 'drizzle-orm';
import { auditLog } from '../audit/audit.sql.ts';
import { emptyAnswers } from '../answers.ts';
import { inBatches, runEach } from '../batches.ts';
import { caseStudies } from '../case-study/case-study.sql.ts';
import type { Db, JobBus, WakeUps } from '../context.ts';
import { evidenceDownloads } from '../evidence/evidence.sql.ts';
import { formerSlugs } from '../former-slug.sql.ts';
import { newId } from '../ids.ts';
import { jobs } from '../job/job.sql.ts';
import { jobKindSchema } from '../job/kinds.ts';
import { metricSamples, metrics } from '../metric/metric.sql.ts';
import { removableObjects } from '../removable-object/removable-object.sql.ts';
import { formLifetimeMinutes } from '../upload/schemas.ts';
import { uploads } from '../upload/upload.sql.ts';
import { cancelJobs } from './delete.ts';
import { portfolios } from './portfolio.sql.ts';

type Tools = { db: Db; wakeUps: WakeUps; jobBus: JobBus };

/**
 * Deletes the portfolios for good whose time in the bin is over and of which no job runs any more, and records their
 * objects as removable. Workers may do so concurrently. Resolves to their number.
 */
export async function purgeDuePortfolios(tools: Tools, signal: AbortSignal): Promise<number> {
  await cancelLateJobs(tools);
  const due = await tools.db
    .select({ id: portfolios.id })
    .from(portfolios)
    .where(and(isNotNull(portfolios.binnedAt), isDue, isIdle));
  const purges = due.map(({ id }) => async () => {
    await deleteManyRows(tools.db, id, signal);
    return (await deletePortfolioRow(tools.db, id)) ? 1 : 0;
  });
  return runEach(purges, signal);
}

const isDue = lte(portfolios.purgeAt, sql`now()`);

/** A job that still runs could store a file after the others were removed. */
const isIdle = sql`not exists (
  select 1 from ${jobs} where ${jobs.portfolioId} = ${portfolios.id} and ${jobs.state} = 'running')`;

/** Cancels what was accepted at the same moment at which a portfolio was put into the bin. */
async function cancelLateJobs(tools: Tools): Promise<void> {
  const busy = await tools.db
    .selectDistinct({ id: portfolios.id })
    .from(portfolios)
    .innerJoin(jobs, eq(jobs.portfolioId, portfolios.id))
    .where(
      and(
        isNotNull(portfolios.binnedAt),
        // All kinds, since the index begins with them.
        inArray(jobs.kind, jobKindSchema.options),
        sql`${jobs.state} in ('queued', 'running') and ${jobs.cancelRequestedAt} is null`,
      ),
    )
    .orderBy(asc(portfolios.id));
  for (const { id } of busy) await cancelJobs(tools, id);
}

const batchSize = 5000;

/** Deletes what a portfolio may have millions of, in short transactions. */
async function deleteManyRows(db: Db, portfolioId: string, signal: AbortSignal): Promise<void> {
  await inBatches(batchSize, signal, async (size) => {
    const deleted = await db.execute(sql`
      delete from ${metricSamples} where ctid = any(array(
        select s.ctid from ${metricSamples} s join ${metrics} m on m.id = s.metric_id
        where m.portfolio_id = ${portfolioId} limit ${size}))`);
    return deleted.count;
  });
  await inBatches(1000, signal, async (size) => {
    const deleted = await db.execute(sql`
      delete from ${jobs} where id = any(array(
        select id from ${jobs} where portfolio_id = ${portfolioId} limit ${size}))`);
    return deleted.count;
  });
}

/** What is due cannot be undeleted any more. False if another worker has deleted it. */
function deletePortfolioRow(db: Db, id: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    await recordObjects(tx, id);
    const slugs = await tx.execute<{ slug: string }>(sql`
      select slug from ${portfolios} where id = ${id}
      union select slug from ${formerSlugs} where kind = 'portfolio' and target_id = ${id}`);
    await emptyAnswers(tx, [id, ...slugs.map(({ slug }): [string, string] => ['portfolio', slug])]);
    // First, since what they refer to cannot be deleted before.
    await tx.delete(caseStudies).where(eq(caseStudies.portfolioId, id));
    const [deleted] = await tx
      .delete(portfolios)
      .where(and(eq(portfolios.id, id), isDue))
      .returning({ purgedBy: portfolios.purgedBy });
    if (!deleted) return false;
    // Its own audit log went with it.
    await tx.insert(auditLog).values({
      id: newId('audit'),
      portfolioId: null,
      actor: deleted.purgedBy ?? 'schedule',
      action: 'portfolio.purge',
      target: id,
      fields: [],
    });
    return true;
  });
}

/** The triggers record what rows refer to. This is the rest: uploads, parts of downloads, files of lost attempts. */
async function recordObjects(tx: Db, id: string): Promise<void> {
  // A form accepts its file until it expires.
  await tx.execute(sql`
    insert into ${removableObjects} (key, since, at_once)
    select format('uploads/%s/%s', portfolio_id, id),
      greatest(now(), created_at + make_interval(mins => ${formLifetimeMinutes})), true
    from ${uploads} where portfolio_id = ${id}
    on conflict (key) do update set since = excluded.since, at_once = true`);
  await tx.execute(sql`
    update ${removableObjects} set at_once = true where split_part(key, '/', 2) = ${id} and not at_once`);
  await tx.execute(sql`
    insert into ${removableObjects} (key, at_once)
    select distinct key, true from ${evidenceDownloads}, unnest(keys) as key where split_part(key, '/', 2) = ${id}
    on conflict (key) do update set at_once = true`);
}
