import type { Files } from './data/files.ts';
import type { Messaging } from './data/messaging.ts';

/**
 * What `sst dev` runs: database, API, worker and page on the developer's machine, each started anew when its files
 * change; the queue and the bucket are the stage's own in the cloud. The settings are those that pods get;
 * how to sign in to the local database is added by dev/sst.
 */
export function createDev(messaging: Messaging, { bucket }: Files) {
  const environment = {
    AWS_REGION: aws.getRegionOutput().region,
    QUEUE_URL: messaging.jobs.url,
    DEAD_LETTER_QUEUE_URL: messaging.deadLetters.url,
    BUCKET_NAME: bucket.name,
  };
  const command = (name: string, title: string, run: string) =>
    new sst.x.DevCommand(name, {
      dev: { title, command: run, autostart: true },
      environment,
    });
  command('Database', 'Postgres', 'node dev/sst/database.ts');
  command('Api', 'API', 'node dev/sst/reload.ts api');
  command('Worker', 'Worker', 'node dev/sst/reload.ts worker');
  command('Web', 'web-status', 'npx vite packages/web-status');
  return { queue: messaging.jobs.url, bucket: bucket.name };
}
