import postgres from 'postgres';
import { loadGraphileWorker, peerVersions } from './peers.ts';
import type { Servers } from './servers.ts';
import { type System, batch, connections, slots } from './system.ts';

/** graphile-worker: with its defaults, or with its local queue and completion in batches. */
export async function openGraphile({ urls }: Servers, inBatches: boolean): Promise<System> {
  const connectionString = urls.graphile;
  const { makeWorkerUtils } = await loadGraphileWorker();
  const utils = await makeWorkerUtils({ connectionString, maxPoolSize: connections });
  await utils.migrate();
  const sql = postgres(connectionString, { max: 1 });
  const version = `graphile-worker ${peerVersions['graphile-worker']}`;
  return {
    name: inBatches
      ? `${version}, concurrency ${slots}, local queue of ${batch}, batched completion`
      : `${version}, concurrency ${slots}`,
    accept: async () => (await utils.addJob('noop', { key: 'none' })).id,
    async seed(jobs) {
      await sql`select graphile_worker.add_job('noop', '{}'::json) from generate_series(1, ${jobs})`;
    },
    async unfinished() {
      const [row] = await sql<{ jobs: number }[]>`select count(*)::int as jobs from graphile_worker.jobs`;
      return row!.jobs;
    },
    async reset() {
      await sql`delete from graphile_worker._private_jobs`;
      await sql`vacuum analyze graphile_worker._private_jobs`;
    },
    worker: { file: 'graphile-worker.ts', settings: { connectionString, inBatches } },
    async close() {
      await utils.release();
      await sql.end();
    },
  };
}
