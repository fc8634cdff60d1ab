import { TRPCError } from '@trpc/server';
import { SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { recordTelemetry } from '../../../../tests/support/telemetry.ts';
import { beginCall } from './call-trace.ts';

test('a call that was not to be recorded and fails is recorded, with the trace that its error names', async () => {
  await using telemetry = recordTelemetry('api');
  const refused = beginCall('portfolio.read', false);
  const failing = beginCall('portfolio.read', false);
  await refused.run(() => Promise.reject(new TRPCError({ code: 'NOT_FOUND' }))).catch(() => {});
  await failing.run(() => Promise.reject(new Error('broken'))).catch(() => {});
  const spans = telemetry.spans();
  expect(spans.map((span) => span.spanContext().traceId)).toEqual([failing.context().traceId]);
  expect(spans.map(({ name, status }) => [name, status.code])).toEqual([
    ['websocket portfolio.read', SpanStatusCode.ERROR],
  ]);
});
