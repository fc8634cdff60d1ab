import type * as migrations from '@portfolio/core/runtime/migrate';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { letUsersIn } from './database-users.ts';
import { startPostgres } from './postgres.ts';
import { developmentPrograms } from './programs.ts';
import { issuerKeyFile } from './settings.ts';
import { buildWeb } from './web.ts';

const readyTimeoutSeconds = 60;

export type Stack = {
  baseUrl: string;
  databaseUrl: string;
  api: Child;
  worker: Child;
  /** Ends everything in order: first who takes work, last who keeps data. */
  stop(): Promise<void>;
};

type StackOptions = {
  folder: { path: string; postgresDir: string; awsDir: string };
  port: number;
  log: (line: string) => void;
  /** Settings of the API that differ from those of `npm start`. */
  apiSettings?: Record<string, string>;
  /** Settings of the worker that differ from those of `npm start`. */
  workerSettings?: Record<string, string>;
};

/**
 * Starts the whole platform on folders of this machine: database, queue and bucket, API, worker and page, each
 * with the code and the settings that they have in the cloud. Resolves when `/readyz` says so.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const webRoot = join(options.folder.path, 'web');
  await mkdir(webRoot, { recursive: true });
  await using started = new AsyncDisposableStack();
  // The page is built while the servers start: the API reads its files when they are asked for.
  const [stack] = await allOrNone([startServers(options, webRoot, started), buildWeb(webRoot)]);
  const all = started.move();
  return { ...stack, stop: () => all.disposeAsync() };
}

async function startServers(
  { folder, port, log, apiSettings, workerSettings }: StackOptions,
  webRoot: string,
  started: AsyncDisposableStack,
) {
  const ownedBy = <T extends { stop(): Promise<void> }>(part: T) =>
    started.adopt(part, (running) => running.stop());
  // The rest is loaded while Postgres, in processes of its own, makes its data folder.
  const [database, cloudSettings, issuer, programs] = await allOrNone([
    Promise.all([
      startPostgres({ dataDir: folder.postgresDir, log }).then(ownedBy),
      import('@portfolio/core/runtime/migrate'),
    ]).then(prepare),
    import('./aws.ts')
      .then(({ startAws }) => startAws({ dataDir: folder.awsDir }))
      .then(ownedBy)
      .then(async ({ endpoint }) => (await import('./cloud.ts')).createCloudResources(endpoint)),
    import('./issuer.ts').then(({ startIssuer }) => startIssuer(issuerKeyFile(folder.path))).then(ownedBy),
    developmentPrograms(),
  ]);
  const environment = { NODE_COMPILE_CACHE: programs.compileCache, ...cloudSettings };
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
  const api = start('api', { DATABASE_URL: database.users.api, ...web, ...issuer.settings, ...apiSettings });
  await untilReady(baseUrl, logFile('api'));
  const worker = start('worker', {
    DATABASE_URL: database.users.worker,
    POLL_SECONDS: '1',
    ...workerSettings,
  });
  return { baseUrl, databaseUrl: database.url, api, worker };
}

/** Brings the database up to date, as the program `migrate.ts` does before a release. */
async function prepare([{ url }, { migrate }]: [{ url: string }, typeof migrations]) {
  await migrate({ url }, { url });
  return { url, users: await letUsersIn(url) };
}

/** As Promise.all, but waits for all before it rejects: what starts late must be known to be stopped. */
async function allOrNone<T extends readonly unknown[]>(work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function untilReady(baseUrl: string, logFile: string): Promise<void> {
  const deadline = Date.now() + readyTimeoutSeconds * 1000;
  while (Date.now() < deadline) {
    const answer = await fetch(`${baseUrl}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await wait(50);
  }
  throw new Error(`The API was not ready after ${readyTimeoutSeconds} s; ${logFile} says why.`);
}
