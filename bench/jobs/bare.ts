import { CreateQueueCommand, SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import type { Cloud, Servers } from './servers.ts';
import { type System, connections, slots } from './system.ts';

/** The options of an SQS client at the local server. */
export const clientOptions = (cloud: Cloud) => ({
  region: cloud.AWS_REGION,
  endpoint: cloud.AWS_ENDPOINT_URL,
  credentials: { accessKeyId: cloud.AWS_ACCESS_KEY_ID, secretAccessKey: cloud.AWS_SECRET_ACCESS_KEY },
});

/**
 * The least that has the shape of our pipeline: a row a job in one plain table, a message that only wakes, and a loop that
 * claims and ends up to `slots` jobs by one statement each. No events, leases, tenants, groups or retries.
 */
export async function openBare({ urls, cloud }: Servers) {
  const sqs = new SQSClient(clientOptions(cloud));
  const attributes = { FifoQueue: 'true' };
  const queue = await sqs.send(new CreateQueueCommand({ QueueName: 'bare.fifo', Attributes: attributes }));
  const QueueUrl = queue.QueueUrl!;
  const sql = postgres(urls.bare, { max: connections, onnotice: () => {} });
  await sql`create table if not exists bare_jobs (id bigint generated always as identity primary key,
    payload jsonb not null, state text not null default 'queued')`;
  await sql`create index if not exists bare_waiting on bare_jobs (id) where state = 'queued'`;

  async function insert(): Promise<string> {
    const [row] = await sql<{ id: string }[]>`
      insert into bare_jobs (payload) values ('{"key": "none"}') returning id::text`;
    return row!.id;
  }
  const wake = () =>
    sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: '{}',
        MessageGroupId: randomUUID(),
        MessageDeduplicationId: randomUUID(),
      }),
    );

  let waking: Promise<unknown> = Promise.resolve();

  const system: System = {
    name: `bare loop: SKIP LOCKED for ${slots} rows, a message to wake`,
    async accept() {
      const id = await insert();
      // As ours does, it returns after the commit: the wake-up is under way.
      waking = Promise.all([waking, wake()]);
      return id;
    },
    async seed(jobs) {
      await sql`insert into bare_jobs (payload) select '{}' from generate_series(1, ${jobs})`;
      await wake();
    },
    async unfinished() {
      const [row] = await sql<{ jobs: number }[]>`
        select count(*)::int as jobs from bare_jobs where state <> 'done'`;
      return row!.jobs;
    },
    async reset() {
      await waking;
      await sql`truncate bare_jobs`;
      await sql`vacuum analyze bare_jobs`;
    },
    worker: { file: 'bare-worker.ts', settings: { url: urls.bare, cloud, QueueUrl } },
    async close() {
      sqs.destroy();
      await sql.end();
    },
  };
  return {
    ...system,
    insert,
    /** Claims as many jobs as there are slots and undoes that; resolves to the milliseconds of the claim. */
    async claimAndUndo(): Promise<number> {
      let milliseconds = 0;
      const undo = new Error('undo');
      const undone = sql.begin(async (tx) => {
        const started = performance.now();
        await claimBare(tx);
        milliseconds = performance.now() - started;
        throw undo;
      });
      await undone.catch((error: unknown) => {
        if (error !== undo) throw error;
      });
      return milliseconds;
    },
  };
}

/** Claims the next jobs, the oldest first. */
export const claimBare = (sql: postgres.Sql | postgres.TransactionSql) => sql<{ id: string }[]>`
  update bare_jobs set state = 'running' where id = any(array(
    select id from bare_jobs where state = 'queued' order by id limit ${slots} for update skip locked))
  returning id::text`;
