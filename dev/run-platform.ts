import { createClient } from '@portfolio/api/client';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { openDataFolder } from './data-folder.ts';
import { freePort } from './free-port.ts';
import { importFolder } from './import/import-folder.ts';
import { addExampleOwner, ensureOwnerKey } from './owner.ts';
import { startPrometheus } from './prometheus.ts';
import { inRepository } from './repository.ts';
import { readDevSettings } from './settings.ts';
import { type Stack, startStack } from './stack.ts';
import { readStartArguments } from './start-arguments.ts';

const log = (line: string) => console.log(line);

let launched: Promise<Stack> | undefined;
let prometheus: Awaited<ReturnType<typeof startPrometheus>> | undefined;
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());

// A supervisor that kills npm also kills the shell in between, without a signal to this process.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent && !stopping.signal.aborted) void stop();
}, 500).unref();

async function stop() {
  // The second request stops immediately; the other processes end with this one.
  if (stopping.signal.aborted) process.exit(130);
  log('\nStopping; press Ctrl-C again to stop immediately.');
  stopping.abort();
  await prometheus?.stop();
  await launched?.then(
    (stack) => stack.stop(),
    // A failed start stops its own parts.
    () => {},
  );
  log('Everything is saved. Restart with npm start.');
  process.exit(0);
}

async function start() {
  const { observe } = readStartArguments();
  const {
    PORT: port,
    PORTFOLIO_DATA_DIR: dataDir,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
  } = readDevSettings();
  const folder = await openDataFolder(dataDir);
  await assertPortIsFree(port);
  log(`Starting the portfolio platform on ${folder.path}`);
  const metrics = { api: await freePort(9464), worker: await freePort(9465) };
  const settingsOf = (program: 'api' | 'worker') => ({
    METRICS_PORT: String(metrics[program]),
    ...(collector !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: collector }),
  });
  launched = startStack({
    folder,
    port,
    log,
    signal: stopping.signal,
    apiSettings: settingsOf('api'),
    workerSettings: settingsOf('worker'),
  });
  const { baseUrl, databaseUrl, localIssuer } = await launched;
  if (observe) await startObserving(join(folder.path, 'prometheus'), metrics);
  const apiKey = await ensureOwnerKey(folder.credentialsFile, baseUrl, databaseUrl);
  stopping.signal.throwIfAborted();
  await importSample(join(folder.path, 'sample-imported'), { baseUrl, apiKey }, () =>
    addExampleOwner(databaseUrl, localIssuer, 'portfolio-engineering'),
  );
  stopping.signal.throwIfAborted();
  const addresses = {
    'API metrics': `http://127.0.0.1:${metrics.api}/metrics`,
    'Worker metrics': `http://127.0.0.1:${metrics.worker}/metrics`,
    ...(prometheus && { Prometheus: prometheus.baseUrl }),
    ...(collector !== undefined && { 'Traces go to': collector }),
  };
  console.log(welcome(baseUrl, apiKey, folder.credentialsFile, addresses));
}

/** Starts Prometheus, or says how to get it: the platform runs without it. */
async function startObserving(folder: string, metrics: { api: number; worker: number }) {
  const targets = {
    'portfolio-api': `127.0.0.1:${metrics.api}`,
    'portfolio-worker': `127.0.0.1:${metrics.worker}`,
  };
  prometheus = await startPrometheus({ folder, targets });
  if (prometheus) return;
  log(
    'Prometheus is not installed, so nothing collects the metrics. On Debian: apt-get install prometheus; then start again.',
  );
}

/** Imports the sample once; later changes to it by the user are preserved. */
async function importSample(
  marker: string,
  credentials: { baseUrl: string; apiKey: string },
  addOwner: () => Promise<void>,
) {
  if (existsSync(marker)) return;
  log('Importing the sample portfolio');
  const api = createClient(credentials);
  await importFolder(api, inRepository('dev/sample'), ({ what, change }) => log(`  ${change} ${what}`));
  await addOwner();
  await writeFile(marker, '');
}

async function assertPortIsFree(port: number) {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (error) {
    throw new Error(whyNotListening(port, error), { cause: error });
  }
  probe.close();
}

function whyNotListening(port: number, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return `Port ${port} is busy. Stop the program that uses it, or choose another: PORT=${port + 1} npm start`;
  if (code === 'EACCES')
    return `This user may not listen on port ${port}. Choose one above 1023: PORT=3000 npm start`;
  return `Port ${port} on 127.0.0.1 cannot be used (${String(error)}). Choose another: PORT=3000 npm start`;
}

function welcome(
  baseUrl: string,
  apiKey: string,
  credentialsFile: string,
  addresses: Record<string, string>,
): string {
  const others = Object.entries(addresses).map(([name, address]) => `${`${name}:`.padEnd(23)}${address}`);
  const curl = `curl -fsS -H "Authorization: Bearer ${apiKey}"`;
  const study = `${baseUrl}/api/v1/portfolios/portfolio-engineering/case-studies/outbox-and-leases`;
  return `
The platform is ready: ${baseUrl}
Owner's API key:       ${apiKey}
Both are stored in     ${credentialsFile}
${others.join('\n')}

Export a case study as PDF, watch the job, download the file:

  JOB=$(${curl} -X POST ${study}/exports | grep -o 'job_[0-9a-z]*' | head -n 1)
  ${curl} -N ${baseUrl}/api/v1/jobs/$JOB/events
  ${curl} -L -o outbox-and-leases.pdf ${baseUrl}/api/v1/jobs/$JOB/result

Or sign in at ${baseUrl}, as an example person or with the key. Ctrl-C stops everything.
`;
}

try {
  await start();
} catch (error) {
  // During a stop, parts that are still starting may fail: the stop continues.
  if (!stopping.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    await launched?.then((stack) => stack.stop()).catch(() => {});
    process.exit(1);
  }
}
