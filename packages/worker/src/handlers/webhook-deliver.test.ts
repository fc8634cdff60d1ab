import { operations } from '@portfolio/core';
import { jobKinds } from '@portfolio/core/job/kinds';
import { openEncryption } from '@portfolio/core/runtime/encryption';
import { webhooks } from '@portfolio/core/telemetry/contract';
import { settleFailedDeliveries } from '@portfolio/core/webhook/attempts';
import { recordWebhookEvent } from '@portfolio/core/webhook/record';
import { signatureOf } from '@portfolio/core/webhook/secret';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { encryptionKeys } from '../../../../tests/support/encryption.ts';
import { startChild } from '../../../../tests/support/child.ts';
import { makeDue } from '../../../../tests/support/jobs.ts';
import { runAttempt, testRunner } from '../../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../../tests/support/services.ts';
import { recordTelemetry } from '../../../../tests/support/telemetry.ts';
import { slotsOf, startWorker } from '../worker.ts';

const { webhook } = operations;
const owner = user('owner');
const portfolio = 'team';
const example = fileURLToPath(new URL('../../../../docs/examples/verify-webhook.ts', import.meta.url));

const nowhere = { region: 'us-east-1', endpoint: undefined };

type Received = { headers: IncomingMessage['headers']; body: string };

let platform: TestServices;
let origin: string;
let received: Received[];
let answer: (response: ServerResponse) => void;
const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    received.push({ headers: request.headers, body });
    return answer(response);
  });
});

beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: portfolio, name: 'Team' });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await platform.stop();
});

let at: { portfolio: string; id: string };
let secret: string;
beforeEach(async () => {
  received = [];
  answerWith(204);
  const about = { portfolio, url: 'https://example.com/hook', events: ['job.failed' as const] };
  const created = await webhook.create.run(platform.as(owner), about);
  ({ secret } = created);
  at = { portfolio, id: created.id };
  await moveTo(origin);
  return () => webhook.delete.run(platform.as(owner), { ...at, expectedVersion: '*' });
});

/** Sets the URL in the database: the API accepts https only, which the test's servers do not support. */
const moveTo = (url: string) => platform.sql`update webhooks set url = ${url} where id = ${at.id}`;
const answerWith = (status: number, headers: Record<string, string> = {}) => {
  answer = (response) => response.writeHead(status, headers).end('The body of the response is ignored.');
};
const ping = () => webhook.test.run(platform.as(owner), at);
const deliveryOf = (delivery: string) => webhook.delivery.run(platform.as(owner), { ...at, delivery });
const jobOf = (id: string) => operations.job.read.run(platform.as(owner), { id });
const runDue = (jobId: string) => makeDue(platform.db, jobId);

/** Runs a job as the worker does. */
async function work(jobId: string, { allowPrivate = true } = {}) {
  await runAttempt(testRunner(platform, { allowPrivate }), jobId);
  return jobOf(jobId);
}

/** Starts the receiver of the docs with a secret, and points the webhook to it. */
async function startReceiver(key: string) {
  const child = await startChild(
    `process.argv = ['node', 'example', '${key}', '0']; await import('${example}');`,
  );
  await moveTo(`http://127.0.0.1:${(JSON.parse(child.firstLine) as AddressInfo).port}/`);
  return child;
}

test('a message arrives once, as JSON, signed for its receiver, and counts as delivered', async () => {
  const { id, job, messageId } = await ping();
  expect(await work(job!)).toMatchObject({ state: 'succeeded', result: { responseStatus: 204 } });
  const [{ headers, body }] = received as [Received];
  expect(received).toHaveLength(1);
  expect(JSON.parse(body)).toEqual({
    type: 'ping',
    timestamp: expect.any(String),
    data: { portfolio, webhook: at.id },
  });
  const timestampSeconds = Number(headers['webhook-timestamp']);
  expect(Math.abs(Date.now() / 1000 - timestampSeconds)).toBeLessThan(60);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': messageId,
    traceparent: expect.stringContaining((await jobOf(job!)).traceId!),
    'webhook-signature': signatureOf({ id: messageId, timestampSeconds, body }, [secret]),
  });
  expect(await deliveryOf(id)).toMatchObject({
    state: 'delivered',
    attempts: 1,
    responseStatus: 204,
    error: null,
    deliveredAt: expect.any(String),
  });
});

test('requests to webhooks are measured by their outcome', async () => {
  await using telemetry = recordTelemetry('worker');
  await work((await ping()).job!);
  answerWith(500);
  await work((await ping()).job!);
  await moveTo('http://127.0.0.1:1/');
  await work((await ping()).job!);
  const lines = await telemetry.series(webhooks.deliveries);
  expect(lines.filter((line) => line.includes('_count'))).toEqual(
    ['delivered', 'refused', 'unreachable'].map(
      (outcome) => `portfolio_webhook_delivery_duration_seconds_count{outcome="${outcome}"} 1`,
    ),
  );
});

test('a message that an interrupted attempt had delivered is not sent again', async () => {
  const { id, job } = await ping();
  await platform.sql`
    update webhook_deliveries set state = 'delivered', response_status = 202 where id = ${id}`;
  expect(await work(job!)).toMatchObject({ state: 'succeeded', result: { responseStatus: 202 } });
  expect(received).toEqual([]);
});

test('each event reaches the receiver once, while two workers run', async () => {
  const { db, queues } = platform;
  const [{ id: portfolioId }] = (await platform.sql`select id from portfolios`) as unknown as [
    { id: string },
  ];
  const draining = new AbortController();
  const runner = testRunner(platform, { allowPrivate: true });
  const options = { ...runner, queues, slots: slotsOf({}), shares: {}, pollSeconds: 1, sweepSeconds: 0.05 };
  const start = () => startWorker(options, draining.signal, new AbortController().signal);
  const workers = [await start(), await start()];
  const jobIds = ['first', 'second', 'third'];
  for (const job of jobIds) await recordWebhookEvent(db, { portfolioId, type: 'job.failed', data: { job } });
  const delivered = async () =>
    (await webhook.deliveries.run(platform.as(owner), { ...at, state: 'delivered' })).items;
  await eventually(async () => expect(await delivered()).toHaveLength(3));
  draining.abort();
  await Promise.all(workers.map(({ ended }) => ended));
  const messages = received.map(({ body }) => JSON.parse(body) as { data: { job: string } });
  expect(messages.map(({ data }) => data.job).toSorted((a, b) => a.localeCompare(b))).toEqual(jobIds);
});

describe('an unsuccessful response', () => {
  test('is retried with the same bytes, the same id and a new signature, until it succeeds', async () => {
    const { id, job, messageId } = await ping();
    answerWith(500);
    expect(await work(job!)).toMatchObject({ state: 'queued', error: { code: 'webhook_failed' } });
    expect(await deliveryOf(id)).toMatchObject({
      state: 'pending',
      attempts: 1,
      responseStatus: 500,
      error: 'The receiver responded with status 500.',
    });
    answerWith(200);
    await runDue(job!);
    await work(job!);
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([messageId, messageId]);
    expect(received[1]!.body).toBe(received[0]!.body);
    expect(await deliveryOf(id)).toMatchObject({ state: 'delivered', attempts: 2, error: null });
  });

  test('in the last attempt fails the delivery', async () => {
    const { id, job } = await ping();
    answerWith(503);
    await platform.sql`
      update jobs set attempt = ${jobKinds['webhook.deliver'].maxAttempts - 1} where id = ${job}`;
    expect(await work(job!)).toMatchObject({ state: 'failed' });
    await settleFailedDeliveries(platform.db);
    expect(await deliveryOf(id)).toMatchObject({ state: 'failed', responseStatus: 503 });
  });

  test('with a redirect is not followed', async () => {
    const { id, job } = await ping();
    answerWith(307, { location: `${origin}/elsewhere` });
    expect(await work(job!)).toMatchObject({ state: 'queued' });
    expect(received).toHaveLength(1);
    expect((await deliveryOf(id)).error).toContain('Redirects are not followed');
  });

  test('of 410 disables the webhook: this message fails permanently, and the next is not sent', async () => {
    const [first, ofEvent] = [await ping(), await ping()];
    await platform.sql`update webhook_deliveries set event = 'job.failed' where id = ${ofEvent.id}`;
    answerWith(410);
    expect(await work(first.job!)).toMatchObject({ state: 'failed', attempt: 1 });
    expect(await webhook.read.run(platform.as(owner), at)).toMatchObject({
      enabled: false,
      disabledReason: 'gone',
    });
    expect(await work(ofEvent.job!)).toMatchObject({ state: 'failed', error: { code: 'webhook_disabled' } });
    expect(received).toHaveLength(1);
    await settleFailedDeliveries(platform.db);
    expect(await deliveryOf(ofEvent.id)).toMatchObject({ state: 'failed', attempts: 0 });
  });
});

describe('an unreachable receiver', () => {
  test('is retried', async () => {
    const { id, job } = await ping();
    await moveTo('http://127.0.0.1:1/');
    expect(await work(job!)).toMatchObject({ state: 'queued', error: { code: 'webhook_failed' } });
    expect(await deliveryOf(id)).toMatchObject({ attempts: 1, responseStatus: null });
  });

  test.each(['https://127.0.0.1/', 'https://[::1]/', 'https://169.254.169.254/', 'http://example.com/'])(
    'whose URL %s is not allowed for webhooks is not retried, and no request is sent',
    async (url) => {
      const { id, job } = await ping();
      await moveTo(url);
      const failed = await work(job!, { allowPrivate: false });
      expect(failed).toMatchObject({ state: 'failed', error: { code: 'webhook_refused' } });
      expect(await deliveryOf(id)).toMatchObject({ attempts: 1, responseStatus: null });
    },
  );
});

test('nothing is sent while the secret of the webhook cannot be decrypted, and the message is not lost', async () => {
  const { id, job } = await ping();
  const value = encryptionKeys('other', { other: 2 });
  const encryption = await openEncryption({ value }, { aws: nowhere, log: silentLog });
  await runAttempt(testRunner({ ...platform, encryption }, { allowPrivate: true }), job!);
  expect(await jobOf(job!)).toMatchObject({ state: 'queued', error: { code: 'secret_unreadable' } });
  expect(received).toEqual([]);
  await runDue(job!);
  expect(await work(job!)).toMatchObject({ state: 'succeeded' });
  expect(await deliveryOf(id)).toMatchObject({ state: 'delivered', attempts: 1 });
});

test('nothing is sent for a deleted webhook', async () => {
  const { job } = await ping();
  await platform.sql`delete from webhook_deliveries`;
  expect(await work(job!)).toMatchObject({ state: 'failed', error: { code: 'not_found' } });
  expect(received).toEqual([]);
});

describe('the receiver of the docs', () => {
  test('accepts messages signed with its secret, also during a rotation of the secret', async () => {
    const child = await startReceiver(secret);
    expect(await work((await ping()).job!)).toMatchObject({ state: 'succeeded' });
    await webhook.rotateSecret.run(platform.as(owner), { ...at, expectedVersion: '*' });
    expect(await work((await ping()).job!)).toMatchObject({ state: 'succeeded' });
    await child.end('SIGTERM');
  });

  test('rejects messages signed with another secret', async () => {
    const child = await startReceiver(`whsec_${Buffer.from('another secret').toString('base64')}`);
    const { id, job } = await ping();
    expect(await work(job!)).toMatchObject({ state: 'queued' });
    expect(await deliveryOf(id)).toMatchObject({ responseStatus: 401 });
    await child.end('SIGTERM');
  });

  test('is shown unchanged in the docs', async () => {
    const page = await readFile(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`\`\`ts\n${await readFile(example, 'utf8')}\`\`\``);
  });
});
