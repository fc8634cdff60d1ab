// Run by `sst dev` (stacks/dev.ts): local PostgreSQL for API and worker, migrated, with data that persists between runs. The
// connection strings and encryption keys go to files for reload.ts, and the owner's API key to a file once the API is ready.
import { migrate } from '@portfolio/core/runtime/migrate';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openDataFolder } from '../data-folder.ts';
import { enableDatabaseUsers } from '../database-users.ts';
import { encryptionSettings } from '../encryption-keys.ts';
import { ensureOwnerKey } from '../owner.ts';
import { startPostgres } from '../postgres.ts';
import { postgresTemplate } from '../postgres-template.ts';
import { encryptionKeysFile, readDevSettings } from '../settings.ts';
import { environmentFile, sstFolder } from './environment-file.ts';

const { PORT: apiPort, DATABASE_PORT: databasePort, PORTFOLIO_DATA_DIR: dataDir } = readDevSettings();
const folder = await openDataFolder(sstFolder(dataDir));
const server = await startPostgres({
  dataDir: folder.postgresDir,
  port: databasePort,
  template: postgresTemplate,
  log: console.log,
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void server.stop().then(() => process.exit(0)));
}

await migrate({ url: server.url }, { url: server.url });
const { ENCRYPTION_KEYS: keys } = await encryptionSettings(encryptionKeysFile(folder.path));
for (const [name, url] of Object.entries(await enableDatabaseUsers(server.url))) {
  const settings = `DATABASE_URL=${url}\nENCRYPTION_KEYS='${keys}'\n`;
  await writeFile(environmentFile(dataDir, name), settings, { mode: 0o600 });
}
console.log('PostgreSQL is ready, and its tables are up to date.');

const baseUrl = `http://127.0.0.1:${apiPort}`;
while (!(await fetch(`${baseUrl}/readyz`).catch(() => null))?.ok) await wait(500);
await ensureOwnerKey(join(folder.path, 'credentials.json'), baseUrl, server.url);
console.log(`The API is ready at ${baseUrl}; the owner's key is in ${folder.credentialsFile}.`);
