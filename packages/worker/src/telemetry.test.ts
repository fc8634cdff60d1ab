import { operations } from '@portfolio/core';
import { ofEachKind } from '@portfolio/core/job/kinds';
import { jobs } from '@portfolio/core/telemetry/contract';
import { SpanKind, runIn, startSpan } from '@portfolio/core/telemetry/trace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { exportResult as result, testRunner } from '../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../tests/support/services.ts';
import { recordTelemetry } from '../../../tests/support/telemetry.ts';
import { createHandlers } from './handlers/index.ts';
import { slotsOf, startWorker } from './worker.ts';

const owner = user('owner');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
  const study = { portfolio: 'team', slug: 'faster', title: 'Faster' };
  await operations.caseStudy.create.run(platform.as(owner), study);
});
afterAll(() => platform.stop());

/** A worker with exports that do nothing, whose sweep would find no job within the test. */
async function startTestWorker() {
  const draining = new AbortController();
  const { queues, encryption } = platform;
  const others = createHandlers({ allowPrivate: false, encryption, scanner: null, log: silentLog });
  const handlers = { ...others, 'export.pdf': async () => async () => result };
  const slots = slotsOf({ ...ofEachKind(() => 0), 'export.pdf': 2 });
  const options = { ...testRunner(platform, { handlers }), queues, slots, shares: {} };
  const never = new AbortController().signal;
  const worker = await startWorker({ ...options, pollSeconds: 1, sweepSeconds: 60 }, draining.signal, never);
  return {
    async [Symbol.asyncDispose]() {
      draining.abort();
      await worker.ended;
    },
  };
}

const exportStudy = () =>
  operations.caseStudy.export.run(platform.as(owner), { portfolio: 'team', slug: 'faster' });

test('one trace leads from a request over the message that wakes a worker to the attempt', async () => {
  await using telemetry = recordTelemetry('worker');
  await using _ = await startTestWorker();
  const request = startSpan('request');
  const { traceId } = await runIn(request, exportStudy);
  expect(traceId).toBe(request.spanContext().traceId);
  const find = (name: string, kind: SpanKind) =>
    telemetry.spans().find((span) => span.name === name && span.kind === kind);
  const spans = await eventually(() => {
    const found = [
      find('wake export.pdf', SpanKind.PRODUCER),
      find('wake export.pdf', SpanKind.CONSUMER),
      find('attempt export.pdf', SpanKind.CONSUMER),
    ];
    expect(found).not.toContain(undefined);
    return found.map((span) => span!);
  });
  expect(spans.map((span) => span.spanContext().traceId)).toEqual([traceId, traceId, traceId]);
  const [sent, received, attempt] = spans.map((span) => span.parentSpanContext?.spanId);
  const ids = telemetry.spans().map((span) => span.spanContext().spanId);
  expect(ids).toEqual(expect.arrayContaining([sent, attempt]));
  expect(received).toBe(spans[0]!.spanContext().spanId);
});

test('a worker reports its claims, its slots, its sweeps, and the messages that wake it', async () => {
  await using telemetry = recordTelemetry('worker');
  await using _ = await startTestWorker();
  await exportStudy();
  const ofKind = 'job_kind="export.pdf"';
  await eventually(async () => {
    const series = [jobs.accepted, jobs.ended, jobs.claims, jobs.slots, jobs.sweeps, jobs.wakeUps];
    const lines = (await Promise.all(series.map((one) => telemetry.series(one)))).flat();
    expect(lines).toEqual(
      expect.arrayContaining([
        `portfolio_job_accepted_total{${ofKind}} 1`,
        `portfolio_job_ended_total{${ofKind},outcome="succeeded"} 1`,
        'portfolio_job_claims_total{result="claimed"} 1',
        `portfolio_job_slots{${ofKind},state="free"} 2`,
        `portfolio_job_slots{${ofKind},state="taken"} 0`,
        'portfolio_job_sweep_steps_total{step="webhooks",outcome="ok"} 1',
        `portfolio_job_wake_ups_total{${ofKind},result="sent"} 1`,
        `portfolio_job_wake_ups_total{${ofKind},result="received"} 1`,
      ]),
    );
  });
});
