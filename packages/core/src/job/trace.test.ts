import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { claimJob, type JobFixture, jobFixture, owner, result } from '../../../../tests/support/jobs.ts';
import { recordTelemetry } from '../../../../tests/support/telemetry.ts';
import { newId } from '../ids.ts';
import { operations } from '../index.ts';
import { newSpanContext, runIn, startSpan, writeTraceparent } from '../telemetry/trace.ts';
import { fanOutEvents } from '../webhook/fan-out.ts';
import type { WebhookEventType } from '../webhook/schemas.ts';
import { webhookEvents, webhooks } from '../webhook/webhook.sql.ts';
import { jobs } from './job.sql.ts';
import { transitions } from './transitions.ts';

const cause = newSpanContext();
const traceparent = writeTraceparent(cause);

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.db.delete(jobs);
  await fixture.db.delete(webhooks);
  await fixture.db.delete(webhookEvents);
});

/** A call that came with a place in a trace. */
const traced = () => ({
  ...fixture.as(owner),
  origin: { address: null, requestId: null, traceparent },
});

let studies = 0;
async function newStudy() {
  const study = { portfolio: 'team', slug: `traced-${(studies += 1)}` };
  await operations.caseStudy.create.run(fixture.as(owner), { ...study, title: 'Faster' });
  return study;
}

const subscribe = (...events: WebhookEventType[]) =>
  fixture.db.insert(webhooks).values({
    id: newId('webhook'),
    portfolioId: fixture.portfolioId,
    url: 'https://hooks.example.com',
    description: '',
    events,
  });

const stored = async (id: string) => {
  const rows = await fixture.db.select({ id: jobs.id, traceparent: jobs.traceparent }).from(jobs);
  return rows.find((row) => row.id === id)!.traceparent;
};

/** The traces of the deliveries that events have caused, by their message. */
async function tracesOfDeliveries() {
  await fanOutEvents(fixture.db);
  const { items } = await operations.job.list.run(fixture.as(owner), { kind: 'webhook.deliver' });
  return items.map(({ traceId }) => traceId);
}

test('a job, and who claims it, continue the trace of the call that asked for it', async () => {
  const job = await operations.caseStudy.export.run(traced(), await newStudy());
  expect(job.traceId).toBe(cause.traceId);
  expect(await stored(job.id)).toBe(traceparent);
  const claimed = await claimJob(fixture.db, fixture.leaseOn(job.id), 30);
  expect(claimed).toMatchObject({ id: job.id, traceparent });
});

test('a job that is accepted in a span is below that span, whatever trace the call came with', async () => {
  await using telemetry = recordTelemetry('api');
  const study = await newStudy();
  const span = startSpan('request');
  const job = await runIn(span, () => operations.caseStudy.export.run(traced(), study));
  expect(job.traceId).toBe(span.spanContext().traceId);
  const inTrace = telemetry.spans().map((one) => writeTraceparent(one.spanContext()));
  expect(inTrace).toContain(await stored(job.id));
});

test('a job without a cause that is traced has a trace of its own', async () => {
  const [one, other] = [await fixture.accept(), await fixture.accept()];
  expect(one.traceId).toMatch(/^[\da-f]{32}$/);
  expect(one.traceId).not.toBe(other.traceId);
});

test('a job of before traces were stored is read and claimed without one', async () => {
  const { id } = await fixture.accept();
  await fixture.change(id, { traceparent: sql`null` });
  expect((await fixture.read(id)).traceId).toBeNull();
  expect(await claimJob(fixture.db, fixture.leaseOn(id), 30)).toMatchObject({ id, traceparent: null });
});

test('the deliveries that report the end of a job continue its trace', async () => {
  await subscribe('job.succeeded');
  const job = await operations.caseStudy.export.run(traced(), await newStudy());
  await transitions.end(fixture.db, await fixture.claim(job.id), { type: 'succeeded', result });
  expect(await tracesOfDeliveries()).toEqual([cause.traceId]);
});

test('the deliveries that report a change continue the trace of its call, those of the audit log as well', async () => {
  const study = await newStudy();
  await subscribe('case-study.published', 'audit.recorded');
  await operations.caseStudy.publish.run(traced(), { ...study, expectedVersion: '*' });
  expect(await tracesOfDeliveries()).toEqual([cause.traceId, cause.traceId]);
});

test('a claim says for how long a worker was missing', async () => {
  const { id } = await fixture.accept();
  await fixture.db.execute(sql`update job_queue set ready_at = now() - interval '90 seconds'`);
  const claimed = await claimJob(fixture.db, fixture.leaseOn(id), 30);
  expect(claimed!.waitSeconds).toBeGreaterThanOrEqual(90);
  expect(claimed!.waitSeconds).toBeLessThan(120);
});
