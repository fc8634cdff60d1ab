import { createClient } from '@portfolio/api/client';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { openDataFolder } from '../../dev/data-folder.ts';
import { importFolder } from '../../dev/import/import-folder.ts';
import { addExampleOwner, ensureOwnerKey } from '../../dev/owner.ts';
import { startStack } from '../../dev/stack.ts';

export const sampleFolder = fileURLToPath(new URL('../../dev/sample', import.meta.url));

/** An unused port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** One test or benchmark sends more requests than many users. */
const unlimited = {
  RATE_LIMIT_PER_MINUTE: '1000000000',
  RATE_LIMIT_PORTFOLIO_PER_MINUTE: '1000000000',
  RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000000',
};

/** Starts what `npm start` starts, with the sample portfolio, on the data folder of a test. */
export async function startPlatform(
  dataDir: string,
  workerSettings: Record<string, string> = {},
  apiSettings: Record<string, string> = {},
) {
  const folder = await openDataFolder(dataDir);
  const lines: string[] = [];
  const stack = await startStack({
    folder,
    port: await freePort(),
    log: (line) => lines.push(line),
    apiSettings: { ...unlimited, ...apiSettings },
    workerSettings,
  });
  const apiKey = await ensureOwnerKey(folder.credentialsFile, stack.baseUrl, stack.databaseUrl);
  const api = createClient({ baseUrl: stack.baseUrl, apiKey });
  await importFolder(api, sampleFolder, () => {});
  await addExampleOwner(stack.databaseUrl, stack.localIssuer, 'portfolio-engineering');
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
