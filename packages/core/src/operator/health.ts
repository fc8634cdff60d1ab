import { asc, desc, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { readBacklog } from '../job/backlog.ts';
import { seenWithinSeconds } from '../job/fleet.ts';
import { jobWorkers, jobs, outbox } from '../job/job.sql.ts';
import { jobKindSchema } from '../job/kinds.ts';
import { operation } from '../operation.ts';
import { iso } from '../sql.ts';
import { webhookEvents } from '../webhook/webhook.sql.ts';
import { healthSchema } from './schemas.ts';
import { readLimits, readPauses } from './scopes.ts';

const kinds = jobKindSchema.options;

export const health = operation({
  name: 'operator.health',
  kind: 'query',
  summary:
    'Read the state of the pipeline: backlog, workers, failures of the last 24 hours, pauses and limits.',
  scope: 'operator:read',
  public: false,
  input: z.strictObject({}),
  output: healthSchema,
  tenant: 'none',
  async run({ db }) {
    const backlog = await readBacklog(db);
    const { deadLetters, workers } = await readWorkers(db);
    return {
      kinds: kinds.map((kind) => ({ kind, ...backlog.kinds[kind] })),
      workersNeeded: backlog.workers,
      workers,
      deadLetters,
      ended: await readEnded(db),
      ...(await readLeftovers(db)),
      pauses: (await readPauses(db)).items,
      limits: (await readLimits(db)).items,
    };
  },
});

/** The worker processes that live, and how many dead letters they have removed. */
async function readWorkers(db: Db) {
  const { id, slots, deadLetters } = jobWorkers;
  const found = await db
    .select({ id, slots, deadLetters, startedAt: iso(jobWorkers.startedAt), seenAt: iso(jobWorkers.seenAt) })
    .from(jobWorkers)
    .where(sql`seen_at > now() - make_interval(secs => ${seenWithinSeconds})`)
    .orderBy(asc(id))
    .limit(1000);
  return {
    deadLetters: found.reduce((sum, worker) => sum + worker.deadLetters, 0),
    workers: found.map(({ deadLetters: _, slots: of, ...worker }) => ({
      ...worker,
      slots: kinds.map((kind) => ({ kind, slots: of[kind] ?? 0 })),
    })),
  };
}

/** The jobs that failed or were marked dead within a day, by kind, state and error code. */
function readEnded(db: Db) {
  const number = sql<number>`count(*)::int`;
  const errorCode = sql<string | null>`${jobs.error} ->> 'code'`;
  return db
    .select({ kind: jobs.kind, state: sql<'failed' | 'dead'>`${jobs.state}`, errorCode, jobs: number })
    .from(jobs)
    .where(
      sql`${jobs.kind} = any(${sql.param(kinds)}::text[]) and ${jobs.state} in ('failed', 'dead')
        and ${jobs.finishedAt} > now() - interval '24 hours'`,
    )
    .groupBy(jobs.kind, jobs.state, errorCode)
    .orderBy(desc(number))
    .limit(100);
}

/** What should be taken care of within seconds. */
async function readLeftovers(db: Db) {
  const [found] = await db
    .select({
      expiredLeases: sql<number>`(
      select count(*)::int from ${jobs} where state = 'running' and lease_until < now())`,
      outbox: sql<{ messages: number; oldestSeconds: number }>`(
      select json_build_object('messages', count(*),
        'oldestSeconds', coalesce(round(extract(epoch from now() - min(created_at)), 3), 0)) from ${outbox})`,
      webhookEvents: sql<number>`(select count(*)::int from (select from ${webhookEvents} limit 1000) as waiting)`,
    })
    .from(sql`(select) as one`);
  return found!;
}
