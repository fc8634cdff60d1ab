import { type ReportStep, endOfStep } from '@portfolio/core/job/report-steps';
import type { ReportRow } from '@portfolio/core/metric/report-source';
import type { Ink, Point } from '../pdf/pages/ink.ts';
import { type Color, colors, types } from '../pdf/theme.ts';
import { allLines } from '../pdf/type/lines.ts';
import { type Line, plainLook } from '../pdf/type/text.ts';
import { type Scale, type Tick, linearScale, timeTicks, valueTicks } from './scale.ts';

/** The data of a chart: a metric over a range of time, in milliseconds since the epoch. */
export type Chart = {
  unit: string;
  rows: readonly ReportRow[];
  step: ReportStep;
  from: number;
  to: number;
  /** The averages of the two halves of the range; null for a half without samples. */
  halves: readonly [first: number | null, second: number | null];
};

/** The part of `Ink` that a chart uses. */
type Pen = Pick<Ink, 'line' | 'rectangle' | 'polyline' | 'polygon'>;
type Box = { left: number; top: number; width: number; height: number };

/** Light enough that the line stands out in greyscale, dark enough to be visible on paper. */
const band: Color = [0.78, 0.84, 0.9];
const look = plainLook('regular', types.running.size, colors.muted);
const valueTickCount = 4;
/** The height of the time axis, below the plot. */
const axisHeight = 16;
/** The height of the unit, above the plot. */
const unitHeight = 14;

type Place = { x: number; low: number; middle: number; high: number };

/** Draws a chart: the average as a line, the range from minimum to maximum as a band, steps without samples as gaps. */
export function drawChart(ink: Pen, box: Box, chart: Chart): void {
  const { rows, from, to } = chart;
  const ticks = valueTicks(
    rows.reduce((least, { min }) => Math.min(least, min), Infinity),
    rows.reduce((most, { max }) => Math.max(most, max), -Infinity),
    valueTickCount,
  );
  const labels = ticks.map(({ label }) => textLine(label));
  const left = box.left + Math.max(...labels.map(({ width }) => width)) + 6;
  const plot: Box = {
    left,
    top: box.top + unitHeight,
    width: box.left + box.width - left,
    height: box.height - unitHeight - axisHeight,
  };
  const across = linearScale(from, to, plot.width);
  const up = linearScale(ticks[0]!.value, ticks.at(-1)!.value, plot.height);
  const x: Scale = (time) => plot.left + across(time);
  const y: Scale = (value) => plot.top + plot.height - up(value);

  ink.line(textLine(chart.unit), box.left, box.top + 6);
  drawValueAxis(ink, plot, ticks, labels, y);
  drawTimeAxis(ink, plot, timeTicks(from, to, 6), x);
  const runs = runsOf(chart, x, y);
  for (const run of runs) drawBand(ink, run);
  drawHalves(ink, chart, x, y);
  for (const run of runs) drawLine(ink, run);
}

function textLine(text: string): Line {
  return allLines([{ kind: 'text', text, look }], 400, types.running)[0]!;
}

function drawValueAxis(ink: Pen, plot: Box, ticks: Tick[], labels: Line[], y: Scale): void {
  for (const [index, { value }] of ticks.entries()) {
    const label = labels[index]!;
    ink.rectangle(plot.left, y(value) - 0.25, plot.width, 0.5, colors.hairline);
    ink.line(label, plot.left - label.width - 5, y(value) + 2.7);
  }
}

function drawTimeAxis(ink: Pen, plot: Box, ticks: Tick[], x: Scale): void {
  const bottom = plot.top + plot.height;
  ink.rectangle(plot.left, bottom - 0.4, plot.width, 0.8, colors.faint);
  for (const { value, label } of ticks) {
    const line = textLine(label);
    ink.rectangle(x(value) - 0.4, bottom, 0.8, 4, colors.faint);
    const centred = x(value) - line.width / 2;
    const at = Math.min(Math.max(centred, plot.left - 4), plot.left + plot.width - line.width);
    ink.line(line, at, bottom + 13);
  }
}

/** Groups of consecutive steps without a gap; each step is at the middle of its part in the range. */
function runsOf({ rows, step, from, to }: Chart, x: Scale, y: Scale): Place[][] {
  const runs: Place[][] = [];
  let expected = Number.NaN;
  for (const { at, min, avg, max } of rows) {
    const begin = Date.parse(at);
    const end = endOfStep(begin, step);
    if (begin !== expected) runs.push([]);
    const middle = (Math.max(begin, from) + Math.min(end, to)) / 2;
    runs.at(-1)!.push({ x: x(middle), low: y(min), middle: y(avg), high: y(max) });
    expected = end;
  }
  return runs;
}

function drawBand(ink: Pen, run: Place[]): void {
  const highs = run.map(({ x, high }): Point => [x, high]);
  const lows = run.map(({ x, low }): Point => [x, low]);
  if (run.length === 1) ink.polyline([...highs, ...lows], 4, band);
  else ink.polygon([...highs, ...lows.toReversed()], band);
}

/** A step without neighbours is a dot. */
function drawLine(ink: Pen, run: Place[]): void {
  const line = run.map(({ x, middle }): Point => [x, middle]);
  if (line.length === 1) ink.polyline([line[0]!, line[0]!], 4, colors.accent);
  else ink.polyline(line, 1.3, colors.accent);
}

function drawHalves(ink: Pen, { halves, from, to }: Chart, x: Scale, y: Scale): void {
  const middle = (from + to) / 2;
  for (const [index, value] of halves.entries()) {
    if (value === null) continue;
    const [begin, end] = index === 0 ? [from, middle] : [middle, to];
    ink.polyline(
      [
        [x(begin), y(value)],
        [x(end), y(value)],
      ],
      0.8,
      colors.ink,
      [3, 2.5],
    );
  }
}
