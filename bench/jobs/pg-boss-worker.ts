// The worker of pg-boss, in a process of its own.
import { loadPgBoss } from './peers.ts';
import { serveWorker } from './serve-worker.ts';
import { batch, connections } from './system.ts';

serveWorker<{ connectionString: string }>(async ({ connectionString }, handle) => {
  const { PgBoss } = await loadPgBoss();
  const boss = new PgBoss({ connectionString, max: connections, useListenNotify: true });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  const options = { batchSize: batch, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
  return async () => {
    await boss.work('noop', options, async (jobs) => {
      await Promise.all(jobs.map(({ data }) => handle(data.key)));
    });
    return () => boss.offWork('noop');
  };
});
