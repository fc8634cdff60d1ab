import { createClient } from '@portfolio/api/client';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import postgres from 'postgres';
import { createCloudResources } from '../../dev/cloud.ts';
import { enableDatabaseUsers, urlOf } from '../../dev/database-users.ts';
import { ensureOwnerKey } from '../../dev/owner.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { migrate } from '../../packages/core/src/runtime/migrate.ts';
import { testAws } from '../support/aws.ts';
import { testEncryption } from '../support/encryption.ts';
import { freePort } from '../support/stack.ts';
import type { Programs } from '../../dev/programs.ts';
import { openCloud } from './cloud.ts';
import { type Release, previousRelease } from './previous-release.ts';
import { type Program, createProgram } from './program.ts';
import { until } from '../support/until.ts';
import { type AwsTap, tapAws } from './wire/aws-tap.ts';
import { startBalancer } from './wire/balancer.ts';
import { type PostgresTap, tapPostgres } from './wire/postgres-tap.ts';
import { pass, receives } from './wire/requests.ts';

/** The resources for an environment. */
export type Resources = {
  /** The folder for everything that it writes. */
  folder: string;
  /** Creates a database on a server whose users for API and worker exist, with the password of `url`. */
  createDatabase(): Promise<{ url: string; drop(): Promise<void> }>;
  programs: Programs;
};

/** How an environment begins. */
export type Beginning = {
  /** Its database is on a separate server, which can be stopped. */
  ownPostgres?: boolean | undefined;
  /** The programs and the migrations are those of the previous release until `upgrade`. Implies `ownPostgres`. */
  previousRelease?: boolean | undefined;
};

/** A process of the platform with proxies ("taps") in front of Postgres and AWS. */
export type AppProcess = Program & { name: string; postgres: PostgresTap; aws: AwsTap };

/** One scenario sends more requests than many users. */
const unlimited = {
  RATE_LIMIT_PER_MINUTE: '1000000000',
  RATE_LIMIT_PORTFOLIO_PER_MINUTE: '1000000000',
  RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000000',
};
/** Short, so that losses are noticed soon. */
const workerSettings = { LEASE_SECONDS: '2', POLL_SECONDS: '1', SWEEP_SECONDS: '0.2', RETRY_FACTOR: '0.05' };

/** The times of production, which replace those of `workerSettings`. */
export const productionTimes = {
  LEASE_SECONDS: '30',
  POLL_SECONDS: '20',
  SWEEP_SECONDS: '2',
  RETRY_FACTOR: '1',
};

/**
 * The platform: real servers, and the real program of the API in a separate process behind taps. Workers are added by
 * scenarios. Programs use the database as their own users, as in the cloud.
 */
export async function startEnvironment(resources: Resources, beginning: Beginning = {}) {
  const started = new AsyncDisposableStack();
  try {
    return { ...(await setUp(resources, beginning, started)), stop: () => started.disposeAsync() };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

export type Environment = Awaited<ReturnType<typeof startEnvironment>>;

async function setUp(resources: Resources, beginning: Beginning, started: AsyncDisposableStack) {
  await mkdir(resources.folder, { recursive: true });
  const previous = beginning.previousRelease ? await previousRelease() : undefined;
  const { database, server } = await prepareDatabase(resources, beginning, previous, started);
  const aws = started.adopt(await testAws(), (running) => running.stop());
  const cloud = await createCloudResources(aws.endpoint);
  const settings = { ...(await previous?.createCloudResources(aws.endpoint)), ...cloud, ...testEncryption };
  const addProcess = createProcesses(resources, database.url, settings, started);
  const queuesAndBucket = openCloud(cloud, started);
  await queuesAndBucket.hideBriefly();
  let programs = previous?.programs ?? resources.programs;

  const balancer = started.adopt(await startBalancer(), (running) => running.stop());
  const { baseUrl } = balancer;
  const isReady = async () => (await fetch(`${baseUrl}/readyz`).catch(() => null))?.ok;
  async function addApi() {
    const port = await freePort();
    const at = { HOST: '127.0.0.1', PORT: String(port) };
    const { member } = await addProcess('api', programs.api, { ...at, ...unlimited });
    const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok;
    await until(`the API is ready (see ${member.logFile})`, ready);
    balancer.add(port);
    return Object.assign(member, { port });
  }
  const api = await addApi();
  const sql = started.adopt(postgres(database.url, { max: 3, onnotice: () => {} }), (open) =>
    open.end({ timeout: 1 }),
  );
  const makeKey = previous?.ensureOwnerKey ?? ensureOwnerKey;
  const apiKey = await makeKey(join(resources.folder, 'credentials.json'), baseUrl, database.url);
  return {
    api,
    apiIsReady: () => until(`the API is ready (see ${api.logFile})`, isReady),
    apiKey,
    baseUrl,
    client: createClient({ baseUrl, apiKey }),
    sql,
    server,
    databaseUrl: database.url,
    ...queuesAndBucket,
    /** Starts a worker and resolves when it polls for messages; `remove` ends it permanently. */
    async addWorker(given: Record<string, string>) {
      const worker = await addProcess('worker', programs.worker, { ...workerSettings, ...given });
      await polls(worker.member);
      return worker;
    },
    /**
     * Migrates the database of the previous release, as before a rollout. Programs that are started later are those of
     * the working tree.
     */
    async upgrade() {
      await migrate({ url: database.url });
      programs = resources.programs;
    },
    /** Starts one more API behind the same address. */
    addApi,
    /** Ends an API as a rollout does: new connections go to the others first. Resolves to its exit code. */
    async removeApi(member: AppProcess & { port: number }) {
      balancer.remove(member.port);
      return member.terminate();
    },
  };
}

async function prepareDatabase(
  resources: Resources,
  { ownPostgres }: Beginning,
  previous: Release | undefined,
  started: AsyncDisposableStack,
) {
  const server = ownPostgres || previous ? await startOwnPostgres(resources.folder) : undefined;
  const database = server ?? (await resources.createDatabase());
  started.defer(() => database.drop());
  const { url } = database;
  if (previous) await previous.migrate(url);
  else if (server) await migrate({ url }, { url });
  else await migrate({ url });
  if (server) await enableDatabaseUsers(url);
  return { database, server };
}

/** Starts processes behind taps; each ends with the environment, or by `remove`. */
function createProcesses(
  { folder, programs }: Resources,
  databaseUrl: string,
  cloud: Awaited<ReturnType<typeof createCloudResources>>,
  started: AsyncDisposableStack,
) {
  let count = 0;
  return async (kind: 'api' | 'worker', entry: string, settings: Record<string, string>) => {
    const url = urlOf(`portfolio_${kind}`, databaseUrl);
    const taps = { postgres: await tapPostgres(url), aws: await tapAws(cloud.AWS_ENDPOINT_URL) };
    const name = `${kind}-${count++}`;
    const environment = {
      ...cloud,
      AWS_ENDPOINT_URL: taps.aws.endpoint,
      DATABASE_URL: taps.postgres.url,
      DATABASE_POOL_SIZE: '3',
      NODE_COMPILE_CACHE: programs.compileCache,
      ...settings,
    };
    const program = createProgram(entry, environment, join(folder, `${name}.log`));
    const member: AppProcess = { ...program, ...taps, name };
    const remove = async () => {
      await program.kill();
      await Promise.all([taps.postgres.stop(), taps.aws.stop()]);
    };
    started.defer(remove);
    member.start();
    return { member, remove };
  };
}

/** Resolves when a worker that has just been started polls for messages. */
export async function polls(worker: AppProcess): Promise<void> {
  const asked = worker.aws.first('before', receives, pass);
  const hasAsked = () => Promise.race([asked.then(() => true), wait(10, false)]);
  await until(`${worker.name} polls for messages (see ${worker.logFile})`, hasAsked);
}

/** A server that a scenario may stop, kill, and start again at the same address. */
async function startOwnPostgres(folder: string) {
  const dataDir = join(folder, 'postgres');
  let server = await startPostgres({ dataDir });
  let isRunning = true;
  const { port, url } = server;
  const stop = () => {
    isRunning = false;
    return server.stop();
  };
  return {
    url,
    drop: () => server.stop(),
    stop,
    isRunning: () => isRunning,
    /** Kills it, as a crash of the machine does. */
    async crash() {
      process.kill(server.pid, 'SIGKILL');
      await stop();
    },
    async start() {
      server = await startPostgres({ dataDir, port });
      isRunning = true;
    },
  };
}
