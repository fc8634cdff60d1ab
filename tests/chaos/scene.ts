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
import { testAws } from '../support/aws.ts';
import { freePort } from '../support/stack.ts';
import { type Accepted, type ReadFile, audit } from './audit.ts';
import { BrokenPromise } from './scenario.ts';
import { type Program, createProgram } from './program.ts';
import { type Watched, watchByServerSentEvents, watchByWebSocket } from './watcher.ts';
import { type AwsTap, tapAws } from './wire/aws-tap.ts';
import { type PostgresTap, tapPostgres } from './wire/postgres-tap.ts';

/** What a scene is built on. */
export type Ground = {
  /** Where it writes. */
  folder: string;
  createDatabase(): Promise<{ url: string; drop(): Promise<void> }>;
};

/** A process of ours with a tap on each of its wires. */
export type Member = Program & { name: string; postgres: PostgresTap; aws: AwsTap };

export type SceneOptions = { ownPostgres: boolean; isQuick: boolean };

const pollMilliseconds = 20;
const defaultTimeoutSeconds = 40;

/** Asks again and again until the answer is neither undefined nor false; throws, naming `what`, when it takes long. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutSeconds = defaultTimeoutSeconds,
): Promise<T> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutSeconds} s: ${what}.`);
    await wait(pollMilliseconds);
  }
}

/** Runs some work and says how long it took, in seconds with two digits. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round((performance.now() - start) / 10) / 100;
}

/** One test asks for more than many users do. */
const unlimited = { RATE_LIMIT_PER_MINUTE: '1000000000', RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000000' };
/** Short, so that what is lost is missed soon. */
const workerSettings = { LEASE_SECONDS: '2', POLL_SECONDS: '1', SWEEP_SECONDS: '0.2', RETRY_FACTOR: '0.05' };

/**
 * The platform for one scenario: real servers, the real programs of API and worker in processes of their own, and a
 * tap on each wire between them. No worker runs at first.
 */
export async function startScene(ground: Ground, options: SceneOptions) {
  const started = new AsyncDisposableStack();
  try {
    return { ...(await setScene(ground, options, started)), stop: () => started.disposeAsync() };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function setScene(
  ground: Ground,
  { ownPostgres, isQuick }: SceneOptions,
  started: AsyncDisposableStack,
) {
  await mkdir(ground.folder, { recursive: true });
  const server = ownPostgres ? await startOwnPostgres(ground.folder) : undefined;
  const database = server ?? (await ground.createDatabase());
  started.defer(() => database.drop());
  const aws = started.adopt(await testAws(), (server) => server.stop());
  const cloud = await createCloudResources(aws.endpoint);
  const sql = postgres(database.url, { max: 3, onnotice: () => {} });
  started.defer(() => sql.end({ timeout: 1 }));
  const credentials = { accessKeyId: cloud.AWS_ACCESS_KEY_ID, secretAccessKey: cloud.AWS_SECRET_ACCESS_KEY };
  const direct = { region: cloud.AWS_REGION, endpoint: aws.endpoint, credentials };
  const s3 = started.adopt(new S3Client({ ...direct, forcePathStyle: true }), (open) => open.destroy());
  const sqs = started.adopt(new SQSClient(direct), (open) => open.destroy());
  const members: Member[] = [];

  async function addMember(workspace: 'api' | 'worker', settings: Record<string, string>): Promise<Member> {
    const taps = { postgres: await tapPostgres(database.url), aws: await tapAws(aws.endpoint) };
    const name = `${workspace}-${members.length}`;
    const environment = {
      ...cloud,
      AWS_ENDPOINT_URL: taps.aws.endpoint,
      DATABASE_URL: taps.postgres.url,
      DATABASE_POOL_SIZE: '3',
      NODE_COMPILE_CACHE: join(ground.folder, 'compile-cache'),
      ...settings,
    };
    const program = createProgram(workspace, environment, join(ground.folder, `${name}.log`));
    started.defer(async () => {
      await program.kill();
      await Promise.all([taps.postgres.stop(), taps.aws.stop()]);
    });
    const member = { ...program, ...taps, name };
    members.push(member);
    member.start();
    return member;
  }

  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const api = await addMember('api', { HOST: '127.0.0.1', PORT: String(port), ...unlimited });
  const isReady = async () => (await fetch(`${baseUrl}/readyz`).catch(() => null))?.ok;
  await until(`the API is ready (see ${api.logFile})`, isReady);
  const apiKey = await ensureOwnerKey(join(ground.folder, 'credentials.json'), baseUrl, database.url);
  const client = createClient({ baseUrl, apiKey });
  const portfolio = 'team';
  await client.portfolio.create.mutate({ slug: portfolio, name: 'Team' });

  const accepted: Accepted[] = [];
  const watched: (Watched & { stop(): void })[] = [];
  started.defer(() => watched.forEach((one) => one.stop()));
  let studies = 0;

  /** Makes a case study, by default in the scene's portfolio, of some words; resolves to its slug. */
  async function makeStudy(words = 20, of = portfolio): Promise<string> {
    const slug = `study-${++studies}`;
    const body = 'Some words. '.repeat(Math.ceil(words / 2));
    await client.caseStudy.create.mutate({ portfolio: of, slug, title: `Study ${slug}`, body });
    return slug;
  }

  function watch(ids: string[]) {
    for (const id of ids) {
      watched.push(
        watched.length % 2 === 0
          ? watchByWebSocket(client, id)
          : watchByServerSentEvents(baseUrl, apiKey, id),
      );
    }
  }

  async function accept(slug: string, of = portfolio): Promise<string> {
    const askedAt = performance.now();
    const { id } = await client.caseStudy.export.mutate({ portfolio: of, slug });
    accepted.push({ id, askedAt, answeredAt: performance.now() });
    return id;
  }

  const readFile: ReadFile = async (key) => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: cloud.BUCKET_NAME, Key: key }));
      return (await Body?.transformToByteArray()) ?? null;
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      throw error;
    }
  };

  return {
    api,
    /** All processes so far, with the taps on their wires. */
    members,
    baseUrl,
    client,
    portfolio,
    sql,
    accepted,
    /** True within `npm test`: a few seconds at most. */
    isQuick,
    /** The server, where the scenario has one of its own. */
    get ownPostgres() {
      if (!server) throw new Error('The scenario has not asked for a Postgres of its own.');
      return server;
    },
    /** Sends a message as nobody of ours does. */
    async sendMessage(body: string) {
      const id = randomUUID();
      const message = { MessageBody: body, MessageGroupId: id, MessageDeduplicationId: id };
      await sqs.send(new SendMessageCommand({ QueueUrl: cloud.QUEUE_URL, ...message }));
    },
    /** Starts one more worker; resolves when it asks for messages. */
    async startWorker(settings: Record<string, string> = {}): Promise<Member> {
      const member = await addMember('worker', { ...workerSettings, ...settings });
      await polls(member);
      return member;
    },
    study: makeStudy,
    /** Asks for the PDF of a study as a client does, again where the API was away; resolves to the job's id. */
    accept,
    /** Asks for PDFs of some studies in turn, `each` of them so often, and follows the jobs; resolves to their ids. */
    async load(studyCount: number, each: number): Promise<string[]> {
      const slugs = await Promise.all(Array.from({ length: studyCount }, () => makeStudy()));
      const ids: string[] = [];
      for (let round = 0; round < each; round++) {
        ids.push(...(await Promise.all(slugs.map((slug) => accept(slug)))));
      }
      watch(ids);
      return ids;
    },
    /** Follows jobs from their first event, some by WebSocket and some by server-sent events. */
    watch,
    /** The job as the database has it now. */
    async job(id: string) {
      const [row] = await sql<
        { state: string; attempt: number; maxAttempts: number; error: { code: string } | null }[]
      >`select state, attempt, max_attempts as "maxAttempts", error from jobs where id = ${id}`;
      if (!row) throw new Error(`There is no job ${id}.`);
      return row;
    },
    /** Resolves when jobs have ended; all that were accepted, where none is named. */
    async ended(ids = accepted.map(({ id }) => id), timeoutSeconds = defaultTimeoutSeconds) {
      let left: postgres.Row[] = [];
      const haveEnded = async () => {
        left = await sql`
          select id, state, attempt, run_at, rung_at, lease_until, last_seq, now() from jobs
          where id = any(${ids}) and state in ('queued', 'running') limit 5`;
        return left.length === 0;
      };
      await until('all jobs end', haveEnded, timeoutSeconds).catch((cause: unknown) => {
        throw new BrokenPromise(`jobs do not end: ${JSON.stringify(left)}`, { cause });
      });
    },
    /** Waits until watchers have seen the end of their jobs and the outbox is empty; resolves to broken promises. */
    async audit(): Promise<string[]> {
      const isQuiet = async () => {
        const [left] = await sql<[{ rows: number }]>`select count(*)::int as rows from outbox`;
        return left.rows === 0 && watched.every(({ isDone }) => isDone);
      };
      await until('watchers see the end', isQuiet, 15).catch(() => {});
      return audit({ sql, readFile }, accepted, watched);
    },
    /** Messages that are in the queue, whether a worker has them or not. */
    async countMessages(): Promise<number> {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const command = new GetQueueAttributesCommand({
        QueueUrl: cloud.QUEUE_URL,
        AttributeNames: [...names],
      });
      const { Attributes = {} } = await sqs.send(command);
      return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
    },
    /** How often something of a type happened to any job. */
    async countEvents(type: string): Promise<number> {
      const [row] = await sql<[{ events: number }]>`
        select count(*)::int as events from job_events where type = ${type}`;
      return row.events;
    },
    isReady: () => until('the API is ready', isReady),
  };
}

export type Scene = Awaited<ReturnType<typeof setScene>>;

/** Resolves when a worker that has just been started asks for messages. */
export async function polls(worker: Member): Promise<void> {
  const asked = worker.aws.first(
    'before',
    ({ name }) => name === 'ReceiveMessage',
    () => 'pass',
  );
  await until(`${worker.name} asks for messages (see ${worker.logFile})`, () =>
    Promise.race([asked.then(() => true), wait(pollMilliseconds, false)]),
  );
}

/** A server that the scenario may stop, start again at the same address, and kill. */
async function startOwnPostgres(folder: string) {
  const dataDir = join(folder, 'postgres');
  let server = await startPostgres({ dataDir });
  const { port, url } = server;
  return {
    url,
    drop: () => server.stop(),
    stop: () => server.stop(),
    /** Ends it as a crash of the machine does. */
    async crash() {
      process.kill(server.pid, 'SIGKILL');
      await server.stop();
    },
    async start() {
      server = await startPostgres({ dataDir, port });
    },
  };
}
