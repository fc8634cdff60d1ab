import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { failure, type JobFixture, jobFixture, result } from '../../../../tests/support/jobs.ts';
import { newId } from '../ids.ts';
import type { WebhookEventType } from '../webhook/schemas.ts';
import { webhookEvents, webhooks } from '../webhook/webhook.sql.ts';
import { transitions } from './transitions.ts';

const all: WebhookEventType[] = ['job.succeeded', 'job.failed', 'job.cancelled'];

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.db.delete(webhooks);
  await fixture.db.delete(webhookEvents);
});

const subscribe = (events: WebhookEventType[], enabled = true) =>
  fixture.db.insert(webhooks).values({
    id: newId('webhook'),
    portfolioId: fixture.portfolioId,
    url: 'https://hooks.example.com',
    description: '',
    events,
    secret: 'whsec_test',
    enabled,
  });
const recorded = () =>
  fixture.db.select({ type: webhookEvents.type, data: webhookEvents.data }).from(webhookEvents);

async function lose(id: string) {
  await fixture.change(id, { attempt: sql`max_attempts`, leaseUntil: sql`now() - interval '1 second'` });
  await transitions.reapLost(fixture.db);
}

test('the end of a job is recorded once, with its details, however many webhooks subscribe', async () => {
  await subscribe(all);
  await subscribe(all);
  const jobId = await fixture.failed();
  const about = { kind: 'export.pdf', title: 'PDF of “Faster”', attempt: 1 };
  expect(await recorded()).toEqual([
    { type: 'job.failed', data: { jobId, ...about, state: 'failed', error: failure } },
  ]);
});

test('success, death and every kind of cancellation have their event', async () => {
  await subscribe(all);
  const succeeded = await fixture.succeeded();
  const { id: dead } = await fixture.claimed();
  await lose(dead);
  const { id: queued } = await fixture.accept();
  await fixture.cancel(queued);
  const running = await fixture.claimed();
  await fixture.cancel(running.id);
  await transitions.acknowledgeCancel(fixture.db, running);
  const { id: lost } = await fixture.claimed();
  await fixture.cancel(lost);
  await lose(lost);
  const events = await recorded();
  expect(events.map(({ type, data }) => [type, (data as { jobId: string }).jobId])).toEqual([
    ['job.succeeded', succeeded],
    ['job.failed', dead],
    ['job.cancelled', queued],
    ['job.cancelled', running.id],
    ['job.cancelled', lost],
  ]);
  expect(events[1]?.data).toMatchObject({ state: 'dead', error: { code: 'worker_lost' } });
});

test('changes that do not end a job are not recorded', async () => {
  await subscribe(all);
  const lease = await fixture.claimed();
  await transitions.progress(fixture.db, lease, { progress: 0.5, step: 'Working' });
  await transitions.end(fixture.db, lease, { type: 'retrying', error: failure, delaySeconds: 0 });
  await fixture.claim(lease.id);
  await fixture.cancel(lease.id);
  expect(await recorded()).toEqual([]);
});

test('nothing is recorded without a webhook, or with webhooks for other events or disabled ones', async () => {
  await fixture.failed();
  await subscribe(['job.succeeded', 'case-study.published']);
  await subscribe(all, false);
  await fixture.failed();
  expect(await recorded()).toEqual([]);
});

test('webhook deliveries have no webhook events themselves, which would never end', async () => {
  await subscribe(all);
  const lease = await fixture.claimed();
  await fixture.change(lease.id, { kind: sql`'webhook.deliver'` });
  await transitions.end(fixture.db, lease, { type: 'succeeded', result });
  expect(await recorded()).toEqual([]);
});
