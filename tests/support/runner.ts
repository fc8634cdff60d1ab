import { createEnds } from '../../packages/worker/src/ends.ts';
import { createHandlers } from '../../packages/worker/src/handlers/index.ts';
import { createLeases } from '../../packages/worker/src/leases.ts';
import { type Runner, runJob } from '../../packages/worker/src/run-job.ts';
import type { Scanner } from '@portfolio/core/context';
import type { StoredResult } from '@portfolio/core/job/kinds';
import { randomUUID } from 'node:crypto';
import { claimJob } from './jobs.ts';
import { silentLog, type TestServices } from './services.ts';

const never = new AbortController().signal;

/** What an export stores as its result, for handlers that render nothing. */
export const exportResult: StoredResult<'export.pdf'> = {
  key: 'exports/secret-key.pdf',
  fileName: 'faster.pdf',
  contentType: 'application/pdf',
  sizeBytes: 1,
  sha256: 'ab'.repeat(32),
  pages: 1,
  studyVersion: 1,
};

export type RunnerSettings = Partial<Runner> & {
  allowPrivate?: boolean;
  scanner?: Scanner;
  stop?: AbortSignal;
};

/** The runner of a worker, on the services of a test. When `stop` fires, its attempts end. */
export function testRunner(
  {
    workerDb: db,
    bucket,
    wakeUps,
    jobBus,
    encryption,
  }: Pick<TestServices, 'workerDb' | 'bucket' | 'wakeUps' | 'jobBus' | 'encryption'>,
  { allowPrivate = false, scanner, stop = never, ...others }: RunnerSettings = {},
): Runner {
  const handlers = createHandlers({
    allowPrivate,
    encryption,
    scanner: scanner ?? null,
    log: silentLog,
  });
  const settings = {
    db,
    pipelineDb: db,
    reader: db,
    bucket,
    wakeUps,
    jobBus,
    log: silentLog,
    leaseSeconds: 30,
    ...others,
  };
  return {
    handlers,
    retryFactor: 1,
    leases: createLeases(settings, stop),
    ends: createEnds(settings),
    ...settings,
  };
}

/** Claims this job and runs it. Resolves when the attempt has ended; does nothing if the job cannot be claimed. */
export async function runAttempt(runner: Runner, jobId: string, stop = never): Promise<void> {
  const token = randomUUID();
  const requestedAt = performance.now();
  const claimed = await claimJob(runner.db, { id: jobId, token }, runner.leaseSeconds);
  if (claimed) await runJob(runner, claimed, { token, requestedAt }, stop);
}
