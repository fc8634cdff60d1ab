import { and, eq, isNull, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../context.ts';
import { jobQueue } from './job.sql.ts';
import type { JobKind } from './kinds.ts';

/** What a pause or a limit concerns: the jobs of a portfolio and of a kind; without one of them, those of all. */
export type JobScope = { portfolioId?: string | undefined; kind?: JobKind | undefined };

/** True for the row of exactly this scope. */
export const isOfScope = (
  table: { portfolioId: PgColumn; kind: PgColumn },
  { portfolioId, kind }: JobScope,
) =>
  and(
    portfolioId === undefined ? isNull(table.portfolioId) : eq(table.portfolioId, portfolioId),
    kind === undefined ? isNull(table.kind) : eq(table.kind, kind),
  )!;

/** The kinds of jobs that wait for a worker. */
export async function waitingKinds(db: Db): Promise<JobKind[]> {
  const waiting = await db
    .selectDistinct({ kind: jobQueue.kind })
    .from(jobQueue)
    .where(sql`due`);
  return waiting.map(({ kind }) => kind);
}
