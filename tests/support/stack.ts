import { createClient } from '@portfolio/api/client';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { openDataFolder } from '../../dev/data-folder.ts';
import { importFolder } from '../../dev/import/import-folder.ts';
import { ensureOwnerKey } from '../../dev/owner.ts';
import { startStack } from '../../dev/stack.ts';

export const sampleFolder = fileURLToPath(new URL('../../dev/sample', import.meta.url));

/** A port of 127.0.0.1 that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** One test or measurement asks for more than many users do. */
const unlimited = {
  RATE_LIMIT_PER_MINUTE: '1000000000',
  RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000000',
};

/** What `npm start` starts, by its own code, with the sample in it, on a data folder that the test owns. */
export async function startPlatform(dataDir: string, workerSettings: Record<string, string> = {}) {
  const folder = await openDataFolder(dataDir);
  const lines: string[] = [];
  const stack = await startStack({
    folder,
    port: await freePort(),
    log: (line) => lines.push(line),
    apiSettings: unlimited,
    workerSettings,
  });
  const apiKey = await ensureOwnerKey(folder.credentialsFile, stack.baseUrl, stack.databaseUrl);
  const api = createClient({ baseUrl: stack.baseUrl, apiKey });
  await importFolder(api, sampleFolder, () => {});
  return {
    ...stack,
    lines,
    apiKey,
    api,
    async stop() {
      await stack.stop();
      folder.release();
    },
  };
}
