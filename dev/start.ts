import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataFolder } from './data-folder.ts';
import { readDevSettings } from './settings.ts';
import { type Stack, startStack } from './stack.ts';

const sampleFolder = fileURLToPath(new URL('./sample', import.meta.url));
const log = (line: string) => console.log(line);

let launched: Promise<Stack> | undefined;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());

// A supervisor that ends npm ends the shell between npm and this process, and nobody tells us.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent && !stopping) void stop();
}, 500).unref();

async function stop() {
  // Whoever asks twice wants it at once; the other processes end with this one.
  if (stopping) process.exit(130);
  stopping = true;
  log('\nStopping; Ctrl-C again to stop at once.');
  await launched?.then(
    (stack) => stack.stop(),
    // What fails to start stops by itself.
    () => {},
  );
  log('Everything is saved. Start again with npm start.');
  process.exit(0);
}

async function start() {
  const { PORT: port, PORTFOLIO_DATA_DIR: dataDir } = readDevSettings();
  const folder = await openDataFolder(dataDir);
  await assertPortIsFree(port);
  log(`Starting the portfolio platform on ${folder.path}`);
  launched = startStack({ folder, port, log });
  const { baseUrl, databaseUrl } = await launched;
  // Loaded only now: what they bring takes a second that readiness need not wait for.
  const { ensureOwnerKey } = await import('./owner.ts');
  const apiKey = await ensureOwnerKey(folder.credentialsFile, baseUrl, databaseUrl);
  await importSample(join(folder.path, 'sample-imported'), { baseUrl, apiKey });
  console.log(welcome(baseUrl, apiKey, folder.credentialsFile));
}

/** Until it was imported whole, once: who has changed the sample since does not get it back. */
async function importSample(marker: string, credentials: { baseUrl: string; apiKey: string }) {
  if (existsSync(marker)) return;
  const { createClient } = await import('@portfolio/api/client');
  log('Importing the sample portfolio');
  const { importFolder } = await import('./import/import-folder.ts');
  const api = createClient(credentials);
  await importFolder(api, sampleFolder, ({ what, change }) => log(`  ${change} ${what}`));
  await writeFile(marker, '');
}

async function assertPortIsFree(port: number) {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    throw new Error(`Port ${port} is busy. Stop what uses it, or choose another: PORT=${port + 1} npm start`);
  }
  probe.close();
}

function welcome(baseUrl: string, apiKey: string, credentialsFile: string): string {
  const curl = `curl -fsS -H "Authorization: Bearer ${apiKey}"`;
  const study = `${baseUrl}/api/v1/portfolios/portfolio-engineering/case-studies/outbox-and-leases`;
  return `
The platform is ready: ${baseUrl}
Owner's API key:       ${apiKey}
Both are kept in       ${credentialsFile}

Export a case study as PDF, watch the job, download the file:

  JOB=$(${curl} -X POST ${study}/exports | grep -o 'job_[0-9a-z]*' | head -n 1)
  ${curl} -N ${baseUrl}/api/v1/jobs/$JOB/events
  ${curl} -L -o outbox-and-leases.pdf ${baseUrl}/api/v1/jobs/$JOB/result

Or sign in with the key at ${baseUrl}. Ctrl-C stops everything.
`;
}

try {
  await start();
} catch (error) {
  // Once a stop was asked for, what is still starting may fail: the stop goes on.
  if (!stopping) {
    console.error(error instanceof Error ? error.message : error);
    await launched?.then((stack) => stack.stop()).catch(() => {});
    process.exit(1);
  }
}
