import type { Files } from './files.ts';
import type { Messaging } from './messaging.ts';

/** Postgres as `npm run dev:database` starts it: what `sst dev` needs on the machine itself. */
const databaseUrl = 'postgres://portfolio@127.0.0.1:5432/portfolio';

/**
 * What `sst dev` runs: database, API, worker and page on the developer's machine, each started anew when its files
 * change; the queue and the bucket are the stage's own in the cloud. The settings are those that pods get.
 */
export function createDev(messaging: Messaging, { bucket }: Files) {
  const environment = {
    DATABASE_URL: databaseUrl,
    AWS_REGION: aws.getRegionOutput().region,
    QUEUE_URL: messaging.jobs.url,
    DEAD_LETTER_QUEUE_URL: messaging.deadLetters.url,
    BUCKET_NAME: bucket.name,
  };
  const command = (name: string, title: string, run: string, settings: Record<string, string> = {}) =>
    new sst.x.DevCommand(name, {
      dev: { title, command: run, autostart: true },
      environment: { ...environment, ...settings },
    });
  command('Database', 'Postgres', 'node dev/database.ts');
  command('Api', 'API', 'node --watch packages/api/src/main.ts');
  command('Worker', 'Worker', 'node --watch packages/worker/src/main.ts');
  command('Web', 'web-status', 'npx vite packages/web-status');
  return { queue: messaging.jobs.url, bucket: bucket.name };
}
