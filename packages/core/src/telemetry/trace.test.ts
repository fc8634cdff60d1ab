import { expect, test } from 'vitest';
import { newSpanId, newTraceId, readTraceparent } from './trace.ts';

test('ids are different for as long as they are made, and have the form that W3C Trace Context wants', () => {
  const made = Array.from({ length: 5000 }, () => [newTraceId(), newSpanId()]);
  const [traceIds, spanIds] = [made.map(([id]) => id), made.map(([, id]) => id)];
  expect(new Set(traceIds).size).toBe(5000);
  expect(new Set(spanIds).size).toBe(5000);
  expect(traceIds.every((id) => /^[0-9a-f]{32}$/.test(id!))).toBe(true);
  expect(spanIds.every((id) => /^[0-9a-f]{16}$/.test(id!))).toBe(true);
});

const read = (given: string) => readTraceparent(given)?.traceId;

test('a traceparent is read by the rules of its version', () => {
  const place = '5f3759df0123456789abcdef01234567-0123456789abcdef-01';
  for (const valid of [`00-${place}`, `01-${place}`, `01-${place}-more`])
    expect(read(valid)).toBe('5f3759df0123456789abcdef01234567');
  const zero = `00-${'0'.repeat(32)}-0123456789abcdef-01`;
  const twice = `00-${place}, 00-${place}`;
  for (const invalid of [`00-${place}-more`, `ff-${place}`, `00-${place}`.toUpperCase(), zero, twice, ''])
    expect(read(invalid)).toBeUndefined();
});
