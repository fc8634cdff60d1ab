import { sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { jobWorkers } from './job.sql.ts';
import { type JobKind, ofEachKind } from './kinds.ts';

/** How many jobs of each kind run at a time, in one process or in all. */
export type Slots = Record<JobKind, number>;
/** The share of the fleet's slots that one portfolio may use, by kind and in all. */
export type Shares = Record<JobKind | 'all', number>;

/** `deadLetters`: how many it has removed. */
export type WorkerProcess = { id: string; slots: Slots; shares: Shares; deadLetters?: number };

const { placeholder } = sql;

/** A worker that was not seen for this long counts as lost. */
export const seenWithinSeconds = 60;

const report = prepared((db) =>
  db
    .insert(jobWorkers)
    .values({
      id: placeholder('id'),
      slots: sql`${placeholder('slots')}::jsonb`,
      shares: sql`${placeholder('shares')}::jsonb`,
      deadLetters: placeholder('deadLetters'),
    })
    .onConflictDoUpdate({
      target: jobWorkers.id,
      set: {
        slots: sql`excluded.slots`,
        shares: sql`excluded.shares`,
        deadLetters: sql`excluded.dead_letters`,
        seenAt: sql`now()`,
      },
    })
    .prepare('job_worker_report'),
);

const seen = sql.raw(`seen_at > now() - interval '${seenWithinSeconds} seconds'`);

const slotsOfAll = prepared((db) =>
  db
    .select({ kind: sql<string>`slot.key`, slots: sql<number>`sum(slot.value::int)::int` })
    .from(jobWorkers)
    .crossJoin(sql`jsonb_each_text(${jobWorkers.slots}) as slot`)
    .where(seen)
    .groupBy(sql`slot.key`)
    .prepare('job_fleet_slots'),
);

/** Reports that a worker process lives, and resolves to the slots of all that do. */
export async function reportWorker(
  db: Db,
  { id, slots, shares, deadLetters = 0 }: WorkerProcess,
): Promise<Slots> {
  const asJson = { slots: JSON.stringify(slots), shares: JSON.stringify(shares) };
  await report(db).execute({ id, deadLetters, ...asJson });
  const found = await slotsOfAll(db).execute();
  const byKind = new Map(found.map((row) => [row.kind, row.slots]));
  return ofEachKind((kind) => byKind.get(kind) ?? 0);
}

/** Removes a worker process that ends, and those that ended without a word long ago. */
export async function removeWorker(db: Db, id: string): Promise<void> {
  await db.delete(jobWorkers).where(sql`id = ${id} or seen_at < now() - interval '1 day'`);
}

/** No fleet has so many slots. It fits into an `int` of Postgres, with some more. */
const unlimited = 1_000_000_000;

/** The whole share is no limit: the slots are one, and attempts that are ending hold none. */
const limit = (share: number, slots: number) =>
  share >= 1 ? unlimited : Math.max(1, Math.ceil(share * slots));

/** How many jobs of one portfolio may run at a time. */
export function limitsOf(fleet: Slots, shares: Shares): { ofKind: Slots; inAll: number } {
  const all = Object.values(fleet).reduce((sum, slots) => sum + slots, 0);
  return { ofKind: ofEachKind((kind) => limit(shares[kind], fleet[kind])), inAll: limit(shares.all, all) };
}
