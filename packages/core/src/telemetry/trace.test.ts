import { expect, test } from 'vitest';
import { newSpanId, newTraceId } from './trace.ts';

test('ids are different for as long as they are made, and have the form that W3C Trace Context wants', () => {
  const made = Array.from({ length: 5000 }, () => [newTraceId(), newSpanId()]);
  const [traceIds, spanIds] = [made.map(([id]) => id), made.map(([, id]) => id)];
  expect(new Set(traceIds).size).toBe(5000);
  expect(new Set(spanIds).size).toBe(5000);
  expect(traceIds.every((id) => /^[0-9a-f]{32}$/.test(id!))).toBe(true);
  expect(spanIds.every((id) => /^[0-9a-f]{16}$/.test(id!))).toBe(true);
});
