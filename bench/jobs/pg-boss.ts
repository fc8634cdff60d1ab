import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { loadPgBoss, peerVersions } from './peers.ts';
import type { Servers } from './servers.ts';
import { type System, batch, connections } from './system.ts';

/** pg-boss, with LISTEN and NOTIFY, and a worker that takes and completes jobs in batches. */
export async function openPgBoss({ urls }: Servers): Promise<System> {
  const connectionString = urls.pg_boss;
  const { PgBoss } = await loadPgBoss();
  const boss = new PgBoss({ connectionString, max: connections, supervise: false, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue('noop', { notify: true });
  const sql = postgres(connectionString, { max: 1 });
  return {
    name: `pg-boss ${peerVersions['pg-boss']}, batches of ${batch}, NOTIFY`,
    async accept() {
      const key = randomUUID();
      await boss.send('noop', { key });
      return key;
    },
    async seed(jobs) {
      await boss.insert(
        'noop',
        Array.from({ length: jobs }, (_, at) => ({ data: { key: String(at) } })),
      );
    },
    async unfinished() {
      const [row] = await sql<{ jobs: number }[]>`
        select count(*)::int as jobs from pgboss.job where name = 'noop' and state <> 'completed'`;
      return row!.jobs;
    },
    async reset() {
      await boss.deleteAllJobs('noop');
      await sql`vacuum analyze pgboss.job`;
    },
    worker: { file: 'pg-boss-worker.ts', settings: { connectionString } },
    async close() {
      await boss.stop({ graceful: false });
      await sql.end();
    },
  };
}
