import { beforeAll, expect, test } from 'vitest';
import type { Point } from '../pdf/pages/ink.ts';
import { openTypefaces } from '../pdf/type/typefaces.ts';
import { drawChart } from './chart.ts';

beforeAll(() => openTypefaces());

const [from, to] = [Date.parse('2026-03-01'), Date.parse('2026-03-11')];
const row = (date: string, min: number, avg: number, max: number) => ({
  at: `2026-03-${date}T00:00:00.000Z`,
  count: 2,
  min,
  avg,
  max,
  p50: null,
  p95: null,
});

/** The drawing of rows: solid lines, dashed lines, and areas. */
function draw(rows: ReturnType<typeof row>[], halves: [number | null, number | null] = [null, null]) {
  const drawn = { lines: [] as Point[][], dashed: [] as Point[][], areas: [] as Point[][] };
  const pen = {
    line: () => {},
    rectangle: () => {},
    polyline: (points: readonly Point[], _width: number, _color: unknown, dashes: readonly number[] = []) => {
      (dashes.length > 0 ? drawn.dashed : drawn.lines).push([...points]);
    },
    polygon: (points: readonly Point[]) => void drawn.areas.push([...points]),
  };
  const box = { left: 100, top: 100, width: 400, height: 150 };
  drawChart(pen, box, { unit: 'ms', rows, step: 'day', from, to, halves });
  for (const [x, y] of [...drawn.lines, ...drawn.areas].flat()) {
    expect(x).toBeGreaterThanOrEqual(100);
    expect(x).toBeLessThanOrEqual(500);
    expect(y).toBeGreaterThanOrEqual(100);
    expect(y).toBeLessThanOrEqual(250);
  }
  return drawn;
}

test('a step without samples is a gap in line and band', () => {
  const { lines, areas } = draw([
    row('01', 1, 2, 3),
    row('02', 1, 2, 3),
    row('05', 4, 5, 6),
    row('06', 4, 5, 6),
  ]);
  expect(lines.map((points) => points.length)).toEqual([2, 2]);
  expect(areas.map((points) => points.length)).toEqual([4, 4]);
});

test('a step without neighbours is a dot, and its band a stroke from minimum to maximum', () => {
  const { lines, areas } = draw([row('05', -1, 2, 3)]);
  const [band, dot] = lines;
  expect(band![0]![1]).toBeLessThan(band![1]![1]);
  expect(dot![0]).toEqual(dot![1]);
  expect(areas).toEqual([]);
});

test('higher values are drawn higher, later steps further right', () => {
  const [line] = draw([row('01', 1, 1, 1), row('02', 9, 9, 9)]).lines;
  const [[x1, y1], [x2, y2]] = line as [Point, Point];
  expect(x2).toBeGreaterThan(x1);
  expect(y2).toBeLessThan(y1);
});

test('each half that has samples has a dashed line at its average', () => {
  const rows = [row('01', 1, 2, 3), row('09', 1, 2, 3)];
  expect(draw(rows, [2, 2]).dashed).toHaveLength(2);
  expect(draw(rows, [null, 2]).dashed).toHaveLength(1);
});
