import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type postgres from 'postgres';
import { type Accepted, audit, readEvents } from './audit.ts';
import { BrokenPromise } from './scenario.ts';
import type { AppProcess, Environment } from './environment.ts';
import { until } from '../support/until.ts';
import { type Watched, watchByServerSentEvents, watchByWebSocket } from './watcher.ts';

export type LogLine = { level: string; msg: string; err?: unknown };

/** The fixture of a scenario: a separate portfolio in an environment, without workers at first. */
export async function createFixture(environment: Environment, isQuick: boolean) {
  const { api, apiKey, baseUrl, client, server, sql } = environment;
  const workers: { member: AppProcess; remove(): Promise<void> }[] = [];
  const apis: AppProcess[] = [api];
  const accepted: Accepted[] = [];
  const watched: (Watched & { stop(): void })[] = [];
  const portfolio = await makePortfolio();
  let studies = 0;

  async function makePortfolio(): Promise<string> {
    const slug = `team-${randomUUID()}`;
    await client.portfolio.create.mutate({ slug, name: 'Team' });
    return slug;
  }

  /** Makes a case study, by default a short one in the fixture's portfolio; resolves to its slug. */
  async function makeStudy(of = portfolio, body = 'Some words make a short study. '.repeat(5)) {
    const slug = `study-${++studies}`;
    await client.caseStudy.create.mutate({ portfolio: of, slug, title: `Study ${slug}`, body });
    return slug;
  }

  /** Follows jobs from their first event, some by WebSocket and some by server-sent events. */
  function watch(ids: string[]) {
    for (const [index, id] of ids.entries()) {
      watched.push(
        index % 2 === 0 ? watchByWebSocket(client, id) : watchByServerSentEvents(baseUrl, apiKey, id),
      );
    }
  }

  /**
   * Requests the PDF of a study by REST, and retries with the same idempotency key until it is accepted; resolves to the
   * id of the job.
   */
  async function accept(slug: string, of = portfolio): Promise<string> {
    const headers = { authorization: `Bearer ${apiKey}`, 'idempotency-key': randomUUID() };
    const url = `${baseUrl}/api/v1/portfolios/${of}/case-studies/${slug}/exports`;
    const askedAt = performance.now();
    const { id } = await until(`a job for ${slug} is accepted`, async () => {
      const answer = await fetch(url, { method: 'POST', headers }).catch(() => undefined);
      if (answer?.status === 202) return (await answer.json()) as { id: string };
      if (answer && ![409, 503].includes(answer.status)) {
        throw new Error(`An export was answered with ${answer.status}: ${await answer.text()}`);
      }
      return undefined;
    });
    accepted.push({ id, askedAt, answeredAt: performance.now() });
    return id;
  }

  /** The processes of API and workers, with their taps. */
  const members = (): AppProcess[] => [...apis, ...workers.map(({ member }) => member)];
  /** The unexpected exits of processes. */
  const crashes = () => members().flatMap((member) => member.crashes);

  return {
    api,
    apiIsReady: environment.apiIsReady,
    apiKey,
    baseUrl,
    client,
    portfolio,
    sql,
    accepted,
    databaseUrl: environment.databaseUrl,
    sendMessage: environment.sendMessage,
    countMessages: environment.countMessages,
    countDeadLetters: environment.countDeadLetters,
    setVisibilityTimeout: environment.setVisibilityTimeout,
    purgeQueues: environment.purgeQueues,
    deleteQueues: environment.deleteQueues,
    createQueues: environment.createQueues,
    upgrade: environment.upgrade,
    /** Starts one more API behind the same address. */
    async addApi() {
      const member = await environment.addApi();
      apis.push(member);
      return member;
    },
    removeApi: environment.removeApi,
    /** True within `npm test`: a few seconds at most. */
    isQuick,
    /** The Postgres server of a scenario with `ownPostgres`. */
    ownPostgres() {
      if (!server) throw new Error('The scenario needs `ownPostgres: true`.');
      return server;
    },
    members,
    /** Starts one more worker; resolves when it polls for messages. */
    async startWorker(settings: Record<string, string> = {}): Promise<AppProcess> {
      const worker = await environment.addWorker(settings);
      workers.push(worker);
      return worker.member;
    },
    makePortfolio,
    makeStudy,
    accept,
    /** Requests `each` PDFs of each of some studies in turn, and follows the jobs; resolves to their ids. */
    async load(studyCount: number, each: number): Promise<string[]> {
      const slugs = await Promise.all(Array.from({ length: studyCount }, () => makeStudy()));
      const ids: string[] = [];
      for (let round = 0; round < each; round++) {
        ids.push(...(await Promise.all(slugs.map((slug) => accept(slug)))));
      }
      watch(ids);
      return ids;
    },
    watch,
    /** The lines that a process has logged. */
    async readLog({ logFile }: AppProcess): Promise<LogLine[]> {
      const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => /^{.*}$/.test(line));
      return lines.map((line) => JSON.parse(line) as LogLine);
    },
    /** The job as it is in the database. */
    async readJob(id: string) {
      const [row] = await sql<
        { state: string; attempt: number; maxAttempts: number; error: { code: string } | null }[]
      >`select state, attempt, max_attempts as "maxAttempts", error from jobs where id = ${id}`;
      if (!row) throw new Error(`There is no job ${id}.`);
      return row;
    },
    /** Resolves when the given jobs have ended, by default all accepted ones. */
    async ended(ids = accepted.map(({ id }) => id), timeoutSeconds?: number) {
      let left: postgres.Row[] = [];
      const haveEnded = async () => {
        left = await sql`
          select id, state, attempt, run_at, lease_until, worker, last_seq, now() from jobs
          where id = any(${ids}) and state in ('queued', 'running') limit 5`;
        return left.length === 0;
      };
      await until('all jobs end', haveEnded, timeoutSeconds).catch((cause: unknown) => {
        throw new BrokenPromise(`jobs do not end: ${JSON.stringify(left)}`, { cause });
      });
    },
    readEvents: (ids: string[]) => readEvents(sql, ids),
    /** The number of events of a type of the fixture's jobs. */
    async countEvents(type: string): Promise<number> {
      const [row] = await sql<[{ events: number }]>`
        select count(*)::int as events from job_events
        where type = ${type} and job_id = any(${accepted.map(({ id }) => id)})`;
      return row.events;
    },
    crashes,
    /** Waits until watchers have seen the end of their jobs and no job is due; resolves to broken promises. */
    async audit(): Promise<string[]> {
      const isQuiet = async () => {
        const [left] = await sql<[{ rows: number }]>`select count(*)::int as rows from job_queue`;
        return left.rows === 0 && watched.every(({ isDone }) => isDone);
      };
      await until('watchers see the end', isQuiet, 30).catch(() => {});
      return [...crashes(), ...(await audit(environment, accepted, watched))];
    },
    /** Ends the workers, so that the next fixture can use the environment. */
    async clear() {
      for (const one of watched) one.stop();
      await Promise.all(workers.map(({ remove }) => remove()));
      // What they leave behind by being killed: messages that come again, and their part of the fleet's slots.
      await environment.purgeQueues();
      if (!environment.server) await sql`delete from job_workers`;
      api.postgres.clear();
      api.aws.clear();
    },
  };
}

export type Fixture = Awaited<ReturnType<typeof createFixture>>;
