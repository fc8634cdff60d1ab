import { describe, expect, test } from 'vitest';
import { linearScale, shortNumber, timeTicks, valueTicks } from './scale.ts';

describe('ticks of values', () => {
  test.each([
    [0, 100, ['0', '50', '100']],
    [-3, 7, ['-5', '0', '5', '10']],
    [99.9, 99.9, ['85', '90', '95', '100', '105', '110']],
    [0, 0, ['-1.0', '-0.5', '0.0', '0.5', '1.0']],
    [0.00001, 0.00003, ['1.0e-5', '1.5e-5', '2.0e-5', '2.5e-5', '3.0e-5']],
    [0, 3e14, ['0', '1e+14', '2e+14', '3e+14']],
    [1234, 5678, ['0', '2,000', '4,000', '6,000']],
  ])('from %d to %d are round, and enclose them', (min, max, labels) => {
    expect(valueTicks(min, max, 4).map(({ label }) => label)).toEqual(labels);
  });

  test.each([
    [-1e100, 1e100],
    [1e15, 1e15 + 0.125],
    [-5e-324, 5e-324],
    [1e-100, 3e-100],
  ])('from %d to %d are few, finite and in order', (min, max) => {
    const ticks = valueTicks(min, max, 4).map(({ value }) => value);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThan(9);
    expect(ticks.every(Number.isFinite)).toBe(true);
    expect(ticks).toEqual([...new Set(ticks)].toSorted((a, b) => a - b));
    expect(ticks[0]).toBeLessThanOrEqual(min);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
  });
});

const labels = (from: string, to: string) =>
  timeTicks(Date.parse(from), Date.parse(to), 6).map(({ label }) => label);

describe('ticks of time', () => {
  test.each([
    ['2026-03-01', '2026-03-02', ['03-01 00:00', '03-01 06:00', '03-01 12:00', '03-01 18:00', '03-02 00:00']],
    ['2026-03-01', '2026-03-04T12:00Z', ['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04']],
    ['2026-01-15', '2026-05-02', ['2026-02', '2026-03', '2026-04', '2026-05']],
    ['2020-01-01', '2026-01-01', ['2020', '2022', '2024', '2026']],
    ['1900-01-01', '2999-12-31', ['2000', '2250', '2500', '2750']],
  ])('from %s to %s are at round moments', (from, to, expected) => {
    expect(labels(from, to)).toEqual(expected);
  });
});

test('a scale ranges from the first value to the last', () => {
  const scale = linearScale(10, 20, 300);
  expect([10, 15, 20].map(scale)).toEqual([0, 150, 300]);
});

test.each([
  [0, '0'],
  [-0, '0'],
  [168.42357, '168.42'],
  [-1234.5, '-1,234.5'],
  [12_345_678, '1.235e+7'],
  [0.000012345, '1.234e-5'],
])('%d is shown in five digits as %s', (value, shown) => {
  expect(shortNumber(value)).toBe(shown);
});
