import { operations } from '@portfolio/core';
import { jobEvents, jobs } from '@portfolio/core/job/job.sql';
import type { StoredResult } from '@portfolio/core/job/kinds';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import { type SQL, asc, eq, sql } from 'drizzle-orm';
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
    if (!(await transitions.claim(db, lease, leaseSeconds))) throw new Error(`${id} cannot be claimed.`);
    return lease;
  }

  return {
    ...platform,
    portfolioId,
    accept,
    change,
    leaseOn,
    claim,
    read: (id: string) => operations.job.read.run(ctx, { id }),
    cancel: (id: string) => operations.job.cancel.run(ctx, { id }),
    retry: (id: string) => operations.job.retry.run(ctx, { id }),
    expire: (id: string) => change(id, { leaseUntil: sql`now() - interval '1 second'` }),
    hint: (jobId: string) => platform.jobBus.publish({ jobId, portfolioId }),
    eventsOf: (id: string) =>
      db.select().from(jobEvents).where(eq(jobEvents.jobId, id)).orderBy(asc(jobEvents.seq)),
    /** A job that a worker has just claimed, and whose message was sent to the queue. */
    async claimed() {
      const { id } = await accept();
      await platform.outboxNotifier.idle();
      return claim(id);
    },
    async failed() {
      const { id } = await accept();
      await transitions.fail(db, await claim(id), failure);
      return id;
    },
    async succeeded() {
      const { id } = await accept();
      await transitions.succeed(db, await claim(id), result);
      return id;
    },
  };
}

export type JobFixture = Awaited<ReturnType<typeof jobFixture>>;
