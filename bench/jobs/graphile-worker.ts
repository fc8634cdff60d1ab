// The worker of graphile-worker, in a process of its own.
import { loadGraphileWorker } from './peers.ts';
import { serveWorker } from './serve-worker.ts';
import { batch, connections, slots } from './system.ts';

type Settings = { connectionString: string; inBatches: boolean };

const batches = { localQueue: { size: batch }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };

serveWorker<Settings>(async ({ connectionString, inBatches }, handle) => {
  const { run } = await loadGraphileWorker();
  return async () => {
    const runner = await run({
      connectionString,
      maxPoolSize: connections,
      concurrency: slots,
      noHandleSignals: true,
      taskList: { noop: (_payload, { job }) => handle(job.id) },
      preset: { worker: inBatches ? batches : {} },
    });
    return () => runner.stop();
  };
});
