import { operations } from '@portfolio/core';
import { jobs as table } from '@portfolio/core/job/job.sql';
import { unreadablePayload } from '@portfolio/core/job/transitions';
import { createLog } from '@portfolio/core/runtime/log';
import { DependencyUnavailable } from '@portfolio/core/runtime/outage';
import { jobs } from '@portfolio/core/telemetry/contract';
import { SpanKind, activeTraceparent } from '@portfolio/core/telemetry/trace';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportResult as result, runAttempt, testRunner } from '../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../tests/support/services.ts';
import { recordTelemetry } from '../../../tests/support/telemetry.ts';
import { type Handler, NotYetError, PermanentError } from './handler.ts';
import { createHandlers } from './handlers/index.ts';

const owner = user('owner');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
});
afterAll(() => platform.stop());

let studies = 0;
async function accept() {
  const study = { portfolio: 'team', slug: `study-${(studies += 1)}` };
  await operations.caseStudy.create.run(platform.as(owner), { ...study, title: 'Faster' });
  return operations.caseStudy.export.run(platform.as(owner), study);
}

/** Runs an attempt of a job; resolves to the lines that it has logged. */
async function run(id: string, handler: Handler<'export.pdf'>) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('worker', 'debug', {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const { encryption } = platform;
  const others = createHandlers({ allowPrivate: false, encryption, scanner: null, log: silentLog });
  const handlers = { ...others, 'export.pdf': async () => handler };
  await runAttempt(testRunner(platform, { handlers, log }), id);
  return lines;
}

const takeLease = (id: string) =>
  platform.sql`update jobs set lease_token = gen_random_uuid() where id = ${id}`;

type Case = {
  outcome: string;
  level: string;
  code?: string;
  error?: string;
  handler: (id: string) => Handler<'export.pdf'>;
};

const failing = (error: Error) => () => async () => {
  throw error;
};

const cases: Case[] = [
  { outcome: 'succeeded', level: 'info', handler: () => async () => result },
  {
    outcome: 'failed',
    level: 'warn',
    code: 'too_large',
    error: 'PermanentError',
    handler: failing(new PermanentError('too_large', 'The layout is too large.')),
  },
  {
    outcome: 'retrying',
    level: 'warn',
    code: 'internal',
    error: 'TypeError',
    handler: failing(new TypeError('x is not a function')),
  },
  {
    outcome: 'postponed',
    level: 'warn',
    code: 'unavailable',
    error: 'DependencyUnavailable',
    handler: failing(new DependencyUnavailable('The database')),
  },
  {
    outcome: 'postponed',
    level: 'info',
    code: 'reader_behind',
    handler: failing(new NotYetError('reader_behind', 'The replica does not have it yet.')),
  },
  {
    outcome: 'cancelled',
    level: 'info',
    handler: (id) => async () => {
      await operations.job.cancel.run(platform.as(owner), { id });
      return result;
    },
  },
  {
    outcome: 'discarded',
    level: 'warn',
    handler: (id) => async () => {
      await takeLease(id);
      return result;
    },
  },
  {
    outcome: 'discarded',
    level: 'warn',
    error: 'TypeError',
    handler: (id) => async () => {
      await takeLease(id);
      throw new TypeError('x is not a function');
    },
  },
];

test.each(cases)(
  'an attempt that ends as $outcome ($code) writes one line, with its trace and its times, at the level $level',
  async ({ outcome, level, code, error, handler }) => {
    const { id, traceId } = await accept();
    const lines = await run(id, handler(id));
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'attempt',
        level,
        trace_id: traceId,
        jobId: id,
        kind: 'export.pdf',
        attempt: 1,
        outcome,
        waitSeconds: expect.any(Number),
        runSeconds: expect.any(Number),
        ...(code && { code }),
      }),
    ]);
    expect((lines[0]!['err'] as { type?: string } | undefined)?.type).toBe(error);
    expect(JSON.stringify(lines)).not.toContain(result.key);
  },
);

test('a payload that this release cannot read is a warning', async () => {
  const { id } = await accept();
  await platform.sql`update jobs set payload = '{"of":"another release"}' where id = ${id}`;
  const lines = await run(id, async () => result);
  expect(lines).toEqual([
    expect.objectContaining({ level: 'warn', outcome: 'postponed', code: unreadablePayload }),
  ]);
});

test('an attempt is a span in the trace of its job, below and linked to what has caused the job', async () => {
  await using telemetry = recordTelemetry('worker');
  const { id, traceId } = await accept();
  telemetry.forgetSpans();
  let inside: string | undefined;
  let given: string | undefined;
  await run(id, async (_payload, { job }) => {
    inside = activeTraceparent();
    given = job.traceparent;
    return result;
  });
  const spans = telemetry.spans().filter(({ name }) => name.startsWith('attempt'));
  expect(spans).toHaveLength(1);
  const [span] = spans;
  const [stored] = await platform.db.select().from(table).where(eq(table.id, id));
  expect(span).toMatchObject({
    name: 'attempt export.pdf',
    kind: SpanKind.CONSUMER,
    attributes: { 'job.id': id, 'job.kind': 'export.pdf', 'job.attempt': 1, 'job.outcome': 'succeeded' },
  });
  const { spanId } = span!.spanContext();
  expect(span!.spanContext().traceId).toBe(traceId);
  expect(stored!.traceparent).toContain(span!.parentSpanContext!.spanId);
  expect(span!.links.map(({ context }) => context.spanId)).toEqual([span!.parentSpanContext!.spanId]);
  expect(inside).toContain(spanId);
  expect(given).toBe(inside);
});

test('the span of an attempt that fails has the type of its error, and not its message', async () => {
  await using telemetry = recordTelemetry('worker');
  const { id } = await accept();
  await run(id, () => Promise.reject(new RangeError('a secret of the user')));
  const span = telemetry.spans().find(({ name }) => name.startsWith('attempt'));
  expect(span).toMatchObject({ attributes: { 'error.type': 'RangeError', 'job.outcome': 'retrying' } });
  expect(JSON.stringify([span!.attributes, span!.status, span!.events])).not.toContain('secret');
});

test('without telemetry, a handler continues the trace of its job all the same, and that of an old job is new', async () => {
  const { id, traceId } = await accept();
  const given: string[] = [];
  const handler: Handler<'export.pdf'> = async (_payload, { job }) => {
    given.push(job.traceparent);
    return result;
  };
  await run(id, handler);
  expect(given[0]).toContain(traceId);
  const { id: old } = await accept();
  await platform.db.update(table).set({ traceparent: null }).where(eq(table.id, old));
  const [line] = await run(old, handler);
  expect(given[1]).toContain(line!['trace_id']);
});

test('attempts are counted by kind and outcome, with their waits and their times', async () => {
  await using telemetry = recordTelemetry('worker');
  const { id } = await accept();
  await platform.sql`update job_queue set ready_at = now() - interval '40 seconds'`;
  await run(id, async () => result);
  const one = { kind: 'job_kind="export.pdf"', end: 'job_kind="export.pdf",outcome="succeeded"' };
  expect(await telemetry.series(jobs.started)).toContain(`portfolio_job_started_total{${one.kind}} 1`);
  expect(await telemetry.series(jobs.ended)).toContain(`portfolio_job_ended_total{${one.end}} 1`);
  const waits = await telemetry.series(jobs.waits);
  expect(waits).toContain(`portfolio_job_wait_duration_seconds_bucket{${one.kind},le="30"} 0`);
  expect(waits).toContain(`portfolio_job_wait_duration_seconds_bucket{${one.kind},le="60"} 1`);
  expect(await telemetry.series(jobs.runs)).toContain(
    `portfolio_job_run_duration_seconds_count{${one.end}} 1`,
  );
});
