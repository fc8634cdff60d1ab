import { createHandlers } from '../../packages/worker/src/handlers/index.ts';
import type { Runner } from '../../packages/worker/src/run-job.ts';
import { silentLog, type TestServices } from './services.ts';

/** The runner of a worker, on the services of a test. */
export function testRunner(
  {
    workerDb: db,
    bucket,
    outboxNotifier,
    jobBus,
  }: Pick<TestServices, 'workerDb' | 'bucket' | 'outboxNotifier' | 'jobBus'>,
  settings: Partial<Runner> & { allowPrivate?: boolean } = {},
): Runner {
  const { allowPrivate = false, ...others } = settings;
  const handlers = createHandlers({ allowPrivate, log: silentLog });
  const services = { db, reader: db, bucket, outboxNotifier, jobBus, log: silentLog };
  return { ...services, handlers, leaseSeconds: 30, retryFactor: 1, ...others };
}
