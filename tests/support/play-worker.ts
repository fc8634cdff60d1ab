import { stateOf } from '@portfolio/core/case-study/export-source';
import type { Services } from '@portfolio/core/context';
import type { StoredResults } from '@portfolio/core/job/schemas';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import { randomUUID } from 'node:crypto';

const result: StoredResults['export.pdf'] = {
  key: 'exports/never-shown.pdf',
  fileName: 'study.pdf',
  contentType: 'application/pdf',
  sizeBytes: 3,
  sha256: 'ab'.repeat(32),
  pages: 1,
  studyVersion: 1,
};

/** Claims a job and moves it by hand, with the hints that a worker gives. Its file shows a study without claims. */
export async function playWorker({ db, jobBus }: Pick<Services, 'db' | 'jobBus'>, jobId: string) {
  const lease: Lease = { id: jobId, token: randomUUID() };

  async function move(change: Promise<{ portfolioId: string } | undefined>) {
    const job = await change;
    if (!job) throw new Error(`Job ${jobId} could not be moved.`);
    jobBus.publish({ jobId, portfolioId: job.portfolioId });
  }

  await move(transitions.claim(db, lease, 60));
  return {
    progress: (progress: number) =>
      move(transitions.progress(db, lease, { progress, step: `At ${progress}` })),
    succeed: (studyVersion = 1) =>
      move(transitions.succeed(db, lease, { ...result, studyVersion, state: stateOf(studyVersion, []) })),
    fail: () => move(transitions.fail(db, lease, { code: 'internal', message: 'It did not work.' })),
  };
}
