import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { createClient } from '@portfolio/api/client';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import postgres from 'postgres';
import { createCloudResources } from '../../dev/cloud.ts';
import { ensureOwnerKey } from '../../dev/owner.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { migrate } from '../../packages/core/src/runtime/migrate.ts';
import { testAws } from '../support/aws.ts';
import { freePort } from '../support/stack.ts';
import type { Programs } from '../../dev/programs.ts';
import { type Program, createProgram } from './program.ts';
import { until } from '../support/until.ts';
import { type AwsTap, tapAws } from './wire/aws-tap.ts';
import { type PostgresTap, tapPostgres } from './wire/postgres-tap.ts';
import { pass, receives } from './wire/requests.ts';

/** The resources for an environment. */
export type Resources = {
  /** The folder for everything that it writes. */
  folder: string;
  createDatabase(): Promise<{ url: string; drop(): Promise<void> }>;
  programs: Programs;
};

/** A process of the platform with proxies ("taps") in front of Postgres and AWS. */
export type AppProcess = Program & { name: string; postgres: PostgresTap; aws: AwsTap };

/** One scenario sends more requests than many users. */
const unlimited = { RATE_LIMIT_PER_MINUTE: '1000000000', RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000000' };
/** Short, so that losses are noticed soon. */
const workerSettings = { LEASE_SECONDS: '2', POLL_SECONDS: '1', SWEEP_SECONDS: '0.2', RETRY_FACTOR: '0.05' };

/**
 * The platform: real servers, and the real program of the API in a separate process behind taps. Workers are added by
 * scenarios. With `ownPostgres`, its database is on a separate server, which can be stopped.
 */
export async function startEnvironment(resources: Resources, ownPostgres: boolean) {
  const started = new AsyncDisposableStack();
  try {
    return { ...(await setUp(resources, ownPostgres, started)), stop: () => started.disposeAsync() };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

export type Environment = Awaited<ReturnType<typeof startEnvironment>>;

async function setUp(resources: Resources, ownPostgres: boolean, started: AsyncDisposableStack) {
  await mkdir(resources.folder, { recursive: true });
  const server = ownPostgres ? await startOwnPostgres(resources.folder) : undefined;
  const database = server ?? (await resources.createDatabase());
  started.defer(() => database.drop());
  await migrate({ url: database.url });
  const aws = started.adopt(await testAws(), (running) => running.stop());
  const cloud = await createCloudResources(aws.endpoint);
  const sql = postgres(database.url, { max: 3, onnotice: () => {} });
  started.defer(() => sql.end({ timeout: 1 }));
  let count = 0;

  async function addProcess(workspace: 'api' | 'worker', settings: Record<string, string>) {
    const taps = { postgres: await tapPostgres(database.url), aws: await tapAws(aws.endpoint) };
    const name = `${workspace}-${count++}`;
    const environment = {
      ...cloud,
      AWS_ENDPOINT_URL: taps.aws.endpoint,
      DATABASE_URL: taps.postgres.url,
      DATABASE_POOL_SIZE: '3',
      NODE_COMPILE_CACHE: resources.programs.compileCache,
      ...settings,
    };
    const program = createProgram(
      resources.programs[workspace],
      environment,
      join(resources.folder, `${name}.log`),
    );
    const member: AppProcess = { ...program, ...taps, name };
    const remove = async () => {
      await program.kill();
      await Promise.all([taps.postgres.stop(), taps.aws.stop()]);
    };
    started.defer(remove);
    member.start();
    return { member, remove };
  }

  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const { member: api } = await addProcess('api', { HOST: '127.0.0.1', PORT: String(port), ...unlimited });
  const isReady = async () => (await fetch(`${baseUrl}/readyz`).catch(() => null))?.ok;
  const apiIsReady = () => until(`the API is ready (see ${api.logFile})`, isReady);
  await apiIsReady();
  const apiKey = await ensureOwnerKey(join(resources.folder, 'credentials.json'), baseUrl, database.url);
  return {
    api,
    apiIsReady,
    apiKey,
    baseUrl,
    client: createClient({ baseUrl, apiKey }),
    sql,
    server,
    ...openCloud(cloud, started),
    /** Starts a worker and resolves when it polls for messages; `remove` ends it permanently. */
    async addWorker(settings: Record<string, string>) {
      const worker = await addProcess('worker', { ...workerSettings, ...settings });
      await polls(worker.member);
      return worker;
    },
  };
}

/** Resolves when a worker that has just been started polls for messages. */
export async function polls(worker: AppProcess): Promise<void> {
  const asked = worker.aws.first('before', receives, pass);
  const hasAsked = () => Promise.race([asked.then(() => true), wait(10, false)]);
  await until(`${worker.name} polls for messages (see ${worker.logFile})`, hasAsked);
}

/** The queue and the bucket, accessed without taps. */
function openCloud(cloud: Awaited<ReturnType<typeof createCloudResources>>, started: AsyncDisposableStack) {
  const options = {
    region: cloud.AWS_REGION,
    endpoint: cloud.AWS_ENDPOINT_URL,
    credentials: { accessKeyId: cloud.AWS_ACCESS_KEY_ID, secretAccessKey: cloud.AWS_SECRET_ACCESS_KEY },
  };
  const s3 = started.adopt(new S3Client({ ...options, forcePathStyle: true }), (open) => open.destroy());
  const sqs = started.adopt(new SQSClient(options), (open) => open.destroy());
  const QueueUrl = /export\.pdf=([^,]+)/.exec(cloud.QUEUE_URLS)![1]!;
  return {
    async sendMessage(body: string) {
      const id = randomUUID();
      const message = { MessageBody: body, MessageGroupId: id, MessageDeduplicationId: id };
      await sqs.send(new SendMessageCommand({ QueueUrl, ...message }));
    },
    /** The number of messages in the queue, including those that a worker has received. */
    async countMessages(): Promise<number> {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] });
      const { Attributes = {} } = await sqs.send(command);
      return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
    },
    /** Resolves to null if the file does not exist. */
    async readFile(key: string): Promise<Uint8Array | null> {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: cloud.BUCKET_NAME, Key: key }));
        return (await Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },
  };
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
