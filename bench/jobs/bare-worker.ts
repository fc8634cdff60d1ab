// The worker of the bare loop, in a process of its own.
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import postgres from 'postgres';
import { claimBare, clientOptions } from './bare.ts';
import { serveWorker } from './serve-worker.ts';
import type { Cloud } from './servers.ts';
import { connections, slots } from './system.ts';

type Settings = { url: string; cloud: Cloud; QueueUrl: string };

serveWorker<Settings>(async ({ url, cloud, QueueUrl }, handle) => {
  const sqs = new SQSClient(clientOptions(cloud));
  const sql = postgres(url, { max: connections });

  async function runBatches() {
    for (;;) {
      const claimed = await claimBare(sql);
      if (claimed.length === 0) return;
      await Promise.all(claimed.map(({ id }) => handle(id)));
      await sql`update bare_jobs set state = 'done' where id = any(${claimed.map(({ id }) => id)}::bigint[])`;
      if (claimed.length < slots) return;
    }
  }

  async function loop(stop: AbortSignal) {
    while (!stop.aborted) {
      const receive = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(receive));
      if (Messages.length === 0) continue;
      const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
      await Promise.all([runBatches(), sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))]);
    }
  }

  return async () => {
    const stop = new AbortController();
    const running = loop(stop.signal);
    return async () => {
      stop.abort();
      await running;
    };
  };
});
