import type { Network } from '../network.ts';
import type { Stage } from '../stage.ts';
import { createBackup } from './backup.ts';
import { createCache } from './cache.ts';
import { createDatabase } from './database.ts';
import type { Files } from './files.ts';
import { createReplication } from './replication.ts';

/** The database and the cache, the weekly exports of the database, and the copies of all buckets in another region. */
export function createData(stage: Stage, network: Network, files: Files) {
  const database = createDatabase(stage, network, files);
  const cache = createCache(stage, network);
  const backup = createBackup(stage, database, files);
  createReplication(stage, files.key, { Files: files, Backups: backup });
  return { database, cache };
}
