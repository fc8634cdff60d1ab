import type { Files } from './data/files.ts';
import type { Messaging } from './data/messaging.ts';

/**
 * The processes of `sst dev`: database, API, worker and page run on the developer's machine and restart when their files
 * change. Queues and bucket are in the cloud. Settings are those of pods; dev/sst adds the local database.
 */
export function createDev(messaging: Messaging, { bucket }: Files) {
  const environment = {
    AWS_REGION: aws.getRegionOutput().region,
    QUEUE_URLS: messaging.queueUrls,
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
  return { queues: messaging.queueUrls, bucket: bucket.name };
}
