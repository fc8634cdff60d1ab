import { stateOf } from '@portfolio/core/case-study/export-source';
import type { Services } from '@portfolio/core/context';
import type { StoredResult } from '@portfolio/core/job/kinds';
import { jobs } from '@portfolio/core/job/job.sql';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import { eq, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import { claimJob } from './jobs.ts';

const result: StoredResult<'export.pdf'> = {
  key: 'exports/never-shown.pdf',
  fileName: 'study.pdf',
  contentType: 'application/pdf',
  sizeBytes: 3,
  sha256: 'ab'.repeat(32),
  pages: 1,
  studyVersion: 1,
};

/** Claims a job and changes its state as a worker does, with its hints. Its file shows a study without claims. */
export async function simulateWorker({ db, jobBus }: Pick<Services, 'db' | 'jobBus'>, jobId: string) {
  const lease: Lease = { id: jobId, token: randomUUID() };

  async function move(change: Promise<{ portfolioId: string } | undefined>) {
    const job = await change;
    if (!job) throw new Error(`Job ${jobId} could not be moved.`);
    jobBus.publish({ jobId, portfolioId: job.portfolioId });
  }

  async function claim() {
    const claimed = await claimJob(db, lease, 60);
    if (claimed) return claimed;
    // Tests request the PDF of one study repeatedly. In its own group, a job does not wait for the others.
    await db.update(jobs).set({ groupKey: jobId }).where(eq(jobs.id, jobId));
    await db.execute(sql`
      insert into job_queue (job_id, portfolio_id, kind, priority, turn, due, run_at)
      select id, portfolio_id, kind, priority, turn, true, run_at from jobs where id = ${jobId} on conflict do nothing`);
    return claimJob(db, lease, 60);
  }

  await move(claim());
  return {
    progress: (progress: number) =>
      move(transitions.progress(db, lease, { progress, step: `At ${progress}` })),
    succeed: (studyVersion = 1) =>
      move(
        transitions.end(db, lease, {
          type: 'succeeded',
          result: { ...result, studyVersion, state: stateOf(studyVersion, []) },
        }),
      ),
    fail: () =>
      move(
        transitions.end(db, lease, {
          type: 'failed',
          error: { code: 'internal', message: 'It did not work.' },
        }),
      ),
  };
}
