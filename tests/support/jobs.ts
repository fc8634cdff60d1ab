import { operations } from '@portfolio/core';
import type { Db } from '@portfolio/core/context';
import { jobEvents, jobQueue, jobs } from '@portfolio/core/job/job.sql';
import { type StoredResult, ofEachKind } from '@portfolio/core/job/kinds';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import { type SQL, and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import { testServices, user } from './services.ts';

export const owner = user('owner');
export const study = { portfolio: 'team', slug: 'faster' };
export const leaseSeconds = 30;
export const failure = { code: 'internal', message: 'It did not work.' };
export const result: StoredResult<'export.pdf'> = {
  key: 'exports/secret-key.pdf',
  fileName: 'faster.pdf',
  contentType: 'application/pdf',
  sizeBytes: 3,
  sha256: 'ab'.repeat(32),
  pages: 1,
  studyVersion: 1,
};

const leaseOn = (id: string): Lease => ({ id, token: randomUUID() });

/**
 * Claims this job, however many others are due; undefined if it cannot be claimed. A claim takes what is next, so the
 * others are not due meanwhile.
 */
export async function claimJob(db: Db, lease: Lease, seconds: number) {
  for (;;) {
    try {
      return await tryToClaim(db, lease, seconds);
    } catch (error) {
      if (!(error instanceof OtherClaimed)) throw error;
    }
  }
}

async function tryToClaim(db: Db, { id, token }: Lease, seconds: number) {
  return db.transaction(async (tx) => {
    // Concurrent calls would lock each other's rows, and claim nothing.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('claimJob'))`);
    const others = await tx
      .update(jobQueue)
      .set({ due: false })
      .where(and(ne(jobQueue.jobId, id), eq(jobQueue.due, true)))
      .returning({ id: jobQueue.jobId });
    const wanted = ofEachKind((kind) => ({ kind, slots: 1, mostOfTenant: 1000 }));
    const lease = { mostInAll: 1000, token, leaseSeconds: seconds, worker: 'test' };
    const { claimed } = await transitions.claim(tx, Object.values(wanted), lease);
    const ids = others.map((other) => other.id);
    await tx.update(jobQueue).set({ due: true }).where(inArray(jobQueue.jobId, ids));
    // One that was accepted meanwhile.
    if (claimed[0] && claimed[0].id !== id) throw new OtherClaimed();
    return claimed[0];
  });
}

class OtherClaimed extends Error {}

/** The time of a job that waits for its next attempt has come. */
export async function makeDue(db: Db, id: string): Promise<void> {
  await db
    .update(jobs)
    .set({ runAt: sql`now()` })
    .where(eq(jobs.id, id));
  await db
    .update(jobQueue)
    .set({ runAt: sql`now()`, due: true })
    .where(eq(jobQueue.jobId, id));
}

/** The real services with a portfolio and a study, and helpers for tests of jobs. */
export async function jobFixture() {
  const platform = await testServices();
  const { db } = platform;
  const ctx = platform.as(owner);
  const { id: portfolioId } = await operations.portfolio.create.run(ctx, { slug: 'team', name: 'Team' });
  await operations.caseStudy.create.run(ctx, { ...study, title: 'Faster' });

  let studies = 0;
  /** A job for a separate study: jobs of one study wait for each other. */
  async function accept() {
    const slug = `study-${(studies += 1)}`;
    await operations.caseStudy.create.run(ctx, { portfolio: 'team', slug, title: 'Faster' });
    return operations.caseStudy.export.run(ctx, { portfolio: 'team', slug });
  }
  const change = (id: string, values: Record<string, SQL>) =>
    db.update(jobs).set(values).where(eq(jobs.id, id));

  async function claim(id: string) {
    const lease = leaseOn(id);
    if (!(await claimJob(db, lease, leaseSeconds))) throw new Error(`${id} cannot be claimed.`);
    return lease;
  }

  return {
    ...platform,
    portfolioId,
    accept,
    change,
    leaseOn,
    claim,
    /** The ids of the jobs that a worker may claim, now or later. */
    queue: async () =>
      (await db.select({ id: jobQueue.jobId }).from(jobQueue).orderBy(jobQueue.turn)).map(({ id }) => id),
    read: (id: string) => operations.job.read.run(ctx, { id }),
    cancel: (id: string) => operations.job.cancel.run(ctx, { id }),
    retry: (id: string) => operations.job.retry.run(ctx, { id }),
    expire: (id: string) => change(id, { leaseUntil: sql`now() - interval '1 second'` }),
    hint: (jobId: string) => platform.jobBus.publish({ jobId, portfolioId }),
    eventsOf: (id: string) =>
      db.select().from(jobEvents).where(eq(jobEvents.jobId, id)).orderBy(asc(jobEvents.seq)),
    /** A job that a worker has just claimed. */
    async claimed() {
      const { id } = await accept();
      return claim(id);
    },
    async failed() {
      const { id } = await accept();
      await transitions.end(db, await claim(id), { type: 'failed', error: failure });
      return id;
    },
    async succeeded() {
      const { id } = await accept();
      await transitions.end(db, await claim(id), { type: 'succeeded', result });
      return id;
    },
  };
}

export type JobFixture = Awaited<ReturnType<typeof jobFixture>>;
