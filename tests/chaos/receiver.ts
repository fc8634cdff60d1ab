import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fixture } from './fixture.ts';
import { seconds, until } from '../support/until.ts';

/** The settings of a worker that may deliver to a receiver. */
export const reachesReceivers = { OUTBOUND_ALLOW_PRIVATE: 'true' };

/**
 * A receiver of a portfolio's webhook, which is notified of jobs that succeed and answers after a delay. When it is
 * disposed of, it answers immediately and waits until no delivery is left.
 */
export async function startReceiver(fixture: Fixture, portfolio: string, delaySeconds = 0) {
  const { client, sql } = fixture;
  const received = new Set<string>();
  const answers = new Set<() => void>();
  let isSlow = delaySeconds > 0;
  const server = createServer((request, response) => {
    received.add(String(request.headers['webhook-id']));
    request.resume();
    const answer = () => {
      answers.delete(answer);
      response.end();
    };
    answers.add(answer);
    setTimeout(answer, isSlow ? delaySeconds * 1000 : 0);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const webhook = { portfolio, url: 'https://receiver.example/', events: ['job.succeeded' as const] };
  const { id } = await client.webhook.create.mutate(webhook);
  // The API takes public addresses only.
  await sql`update webhooks set url = ${`http://127.0.0.1:${port}/`} where id = ${id}`;

  const countDeliveries = async () => {
    const [row] = await sql<[{ left: number }]>`
      select count(*)::int as left from webhook_deliveries join jobs on jobs.id = job_id
      where webhook_id = ${id} and jobs.state in ('queued', 'running')`;
    return row.left;
  };
  return {
    countReceived: () => received.size,
    /** The number of messages that wait for an answer. */
    countUnanswered: () => answers.size,
    /** Sends a test message; resolves to the seconds until it has arrived. */
    test: () =>
      seconds(async () => {
        const { messageId } = await client.webhook.test.mutate({ portfolio, id });
        await until('a test message arrives', () => received.has(messageId));
      }),
    async [Symbol.asyncDispose]() {
      await sql`update webhooks set enabled = false where id = ${id}`;
      isSlow = false;
      for (const answer of answers) answer();
      await until('all messages are delivered', async () => (await countDeliveries()) === 0).catch(() => {});
      server.closeAllConnections();
      server.close();
    },
  };
}
