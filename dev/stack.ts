import { migrate } from '@portfolio/core/runtime/migrate';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startAws } from './aws.ts';
import { type Child, startChild } from './child.ts';
import { createCloudResources } from './cloud.ts';
import { enableDatabaseUsers } from './database-users.ts';
import { encryptionSettings } from './encryption-keys.ts';
import { startIssuer } from './issuer.ts';
import { startPostgres } from './postgres.ts';
import { postgresTemplate } from './postgres-template.ts';
import { developmentPrograms } from './programs.ts';
import { startLocalSignIn } from './local-sign-in.ts';
import { encryptionKeysFile, issuerKeyFile, signInPortFile } from './settings.ts';
import { builtWeb } from './web.ts';

const readyTimeoutSeconds = 60;

export type Stack = {
  baseUrl: string;
  databaseUrl: string;
  /** The issuer of the example people. */
  localIssuer: string;
  api: Child;
  worker: Child;
  /** The settings of API and worker for queues and bucket. */
  cloud: Awaited<ReturnType<typeof createCloudResources>>;
  /** Stops everything in order: first the programs, last the servers with the data. */
  stop(): Promise<void>;
};

type StackOptions = {
  folder: { path: string; postgresDir: string; awsDir: string };
  port: number;
  log: (line: string) => void;
  /** When aborted during the start, the parts that were started are stopped, and the start fails. */
  signal?: AbortSignal;
  /** Settings of the API that differ from those of `npm start`. */
  apiSettings?: Record<string, string>;
  /** Settings of the worker that differ from those of `npm start`. */
  workerSettings?: Record<string, string>;
};

/**
 * Starts the whole platform locally: database, queue and bucket, API, worker and page, each with the same code and kinds of
 * settings as in the cloud. Resolves when `/readyz` reports ready.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  await using started = new AsyncDisposableStack();
  const stack = await startServers(options, started);
  const all = started.move();
  return { ...stack, stop: () => all.disposeAsync() };
}

async function startServers(
  { folder, port, log, signal, apiSettings, workerSettings }: StackOptions,
  started: AsyncDisposableStack,
) {
  const ownedBy = <T extends { stop(): Promise<void> }>(part: T) =>
    started.adopt(part, (running) => running.stop());
  const [database, cloudSettings, encryption, issuer, signIn, programs, webRoot] = await allOrNone([
    startPostgres({ dataDir: folder.postgresDir, template: () => postgresTemplate(signal), signal, log })
      .then(ownedBy)
      .then(({ url }) => prepare(url, signal)),
    startAws({ dataDir: folder.awsDir })
      .then(ownedBy)
      .then(({ endpoint }) => createCloudResources(endpoint)),
    encryptionSettings(encryptionKeysFile(folder.path)),
    startIssuer(issuerKeyFile(folder.path)).then(ownedBy),
    startLocalSignIn(signInPortFile(folder.path), port).then(ownedBy),
    // An abort need not wait for the builds.
    unlessAborted(developmentPrograms(), signal),
    unlessAborted(builtWeb(), signal),
  ]);
  signal?.throwIfAborted();
  const environment = { NODE_COMPILE_CACHE: programs.compileCache, ...cloudSettings, ...encryption };
  const logFile = (name: string) => join(folder.path, `${name}.log`);
  const start = (name: 'api' | 'worker', settings: Record<string, string>) =>
    ownedBy(
      startChild({
        name,
        entry: programs[name],
        environment: { ...environment, ...settings },
        logFile: logFile(name),
        log,
      }),
    );

  const baseUrl = `http://127.0.0.1:${port}`;
  const web = { HOST: '127.0.0.1', PORT: String(port), WEB_ROOT: webRoot };
  const api = start('api', {
    DATABASE_URL: database.users.api,
    ...web,
    ...issuer.settings,
    ...signIn.settings,
    ...apiSettings,
  });
  const worker = start('worker', {
    DATABASE_URL: database.users.worker,
    POLL_SECONDS: '1',
    ...workerSettings,
  });
  await untilReady(baseUrl, logFile('api'), signal);
  return {
    baseUrl,
    databaseUrl: database.url,
    localIssuer: signIn.issuer,
    api,
    worker,
    cloud: cloudSettings,
  };
}

/** Migrates the database, as the program `migrate.ts` does before a release. */
async function prepare(url: string, signal?: AbortSignal) {
  signal?.throwIfAborted();
  await migrate({ url }, { url });
  return { url, users: await enableDatabaseUsers(url) };
}

/** Like Promise.all, but waits for all before it rejects, so that parts that start late can be stopped. */
async function allOrNone<T extends readonly unknown[]>(work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** Resolves like `work`, or rejects as soon as the signal is aborted. */
function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  const aborted = once(signal, 'abort').then(() => Promise.reject(signal.reason));
  return Promise.race([work, aborted]);
}

async function untilReady(baseUrl: string, logFile: string, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + readyTimeoutSeconds * 1000;
  while (Date.now() < deadline) {
    const response = await fetch(`${baseUrl}/readyz`).catch(() => null);
    if (response?.ok) return;
    await wait(20, undefined, { signal });
  }
  throw new Error(`The API was not ready after ${readyTimeoutSeconds} s; see ${logFile}.`);
}
