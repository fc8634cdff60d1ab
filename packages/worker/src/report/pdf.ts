import { type ReportStep } from '@portfolio/core/job/report-steps';
import type { Halves, ReportRow, ReportSource, ReportedMetric } from '@portfolio/core/metric/report-source';
import type { Table, TableRow } from 'mdast';
import type { Writable } from 'node:stream';
import { Images } from '../pdf/blocks/images.ts';
import { endTable, setTable } from '../pdf/blocks/table.ts';
import { Book } from '../pdf/file/book.ts';
import { Output } from '../pdf/file/output.ts';
import type { Tag } from '../pdf/file/structure.ts';
import { Notes } from '../pdf/markdown/notes.ts';
import { Pace } from '../pdf/pace.ts';
import { Contents } from '../pdf/pages/contents.ts';
import { Flow } from '../pdf/pages/flow.ts';
import { Ink } from '../pdf/pages/ink.ts';
import { drawFooter, drawRunningHead } from '../pdf/pages/running.ts';
import { setTitlePage } from '../pdf/pages/title-page.ts';
import { colors, headingStyle, types } from '../pdf/theme.ts';
import { breakLines } from '../pdf/type/lines.ts';
import { plainLook } from '../pdf/type/text.ts';
import { openTypefaces, openTypefacesFor } from '../pdf/type/typefaces.ts';
import { type Frame, type Typesetter, inTag, setLines } from '../pdf/typesetter.ts';
import { drawChart } from './chart.ts';
import { shortNumber } from './scale.ts';

/** ISO 8601 instants; `to` is exclusive. */
type Range = { from: string; to: string; step: ReportStep };

type Options = {
  /** Receives the PDF and is ended after it. */
  out: Writable;
  /** Aborting it ends the rendering immediately. */
  signal: AbortSignal;
  /** Called with the index of each metric before it is read. */
  onMetric: (index: number) => void;
};

type Compared = ReportedMetric & Halves;

const title = 'Metrics report';
/** Allows three metrics on a page. */
const chartHeight = 148;

/**
 * Writes a report as a PDF: title page, a table of all metrics, then a chart of each. Pages are written as they are
 * finished, and only one metric is in memory at a time.
 *
 * @returns The number of pages.
 */
export async function renderReport(source: ReportSource, range: Range, options: Options): Promise<number> {
  const output = new Output(options.out, options.signal);
  try {
    return await render(source, range, options, output);
  } finally {
    output.release();
  }
}

async function render(source: ReportSource, range: Range, { signal, onMetric }: Options, output: Output) {
  const { portfolio } = source;
  const halves = await source.compareHalves();
  const metrics = source.metrics.map((metric, index): Compared => ({ ...metric, ...halves[index]! }));
  const pace = new Pace(signal);
  await openTypefaces();
  await openTypefacesFor(portfolio.name, ...metrics.flatMap(({ name, unit }) => [name, unit]));
  const book = new Book(
    {
      title: `${title}: ${portfolio.name}`,
      author: portfolio.name,
      subject: `${shown(range.from)} to ${shown(range.to)}`,
      keywords: '',
      language: 'en',
      created: new Date(),
    },
    output,
    pace,
  );
  const pageStarted = (ink: Ink) => drawRunningHead(ink, portfolio.name, title);
  const typesetterOf = (hooks: { pageStarted: (ink: Ink) => void }): Typesetter => ({
    book,
    pace,
    flow: new Flow(book, { ...hooks, pageFinished: () => {} }),
    images: new Images(book, () => Promise.resolve(null)),
    notes: new Notes(new Map(), ''),
    definitions: new Map(),
    scope: '',
    contents: new Contents(book, pace),
  });
  // In reading order, which differs from the order of writing.
  const [titleTag, summaryTag, chartsTag] = [
    book.openTag('Sect'),
    book.openTag('Sect'),
    book.openTag('Sect'),
  ];

  const charts = typesetterOf({ pageStarted });
  for (const [index, metric] of metrics.entries()) {
    onMetric(index);
    await setMetric(charts, chartsTag, metric, await source.rowsOf(metric.id), range);
    if (pace.due) await pace.rest();
  }
  await charts.flow.end();
  const chartPages = book.pageCount;

  const front = typesetterOf({ pageStarted: () => {} });
  await setTitlePage(front, titlePageOf(source, range), titleTag);
  await front.flow.end();
  const titlePages = book.pageCount - chartPages;
  const summary = typesetterOf({ pageStarted });
  await setSummary(summary, summaryTag, metrics);
  await summary.flow.end();
  book.moveLast(book.pageCount - chartPages, 0);

  for (const tag of [titleTag, summaryTag, chartsTag]) tag.end();
  const pages = book.pageCount;
  await book.writeFooters((page, index) => {
    const ink = new Ink(book, page);
    if (index >= titlePages) drawFooter(ink, index + 1, pages);
    ink.finish();
  });
  await book.end();
  return pages;
}

/** The shortest form of an instant: midnight is a date. */
function shown(instant: string): string {
  if (instant.endsWith('T00:00:00.000Z')) return instant.slice(0, 10);
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)}`;
}

function titlePageOf({ portfolio, metrics, asOf }: ReportSource, { from, to, step }: Range) {
  const facts: [string, string][] = [
    ['Range', `${shown(from)} until before ${shown(to)} (UTC)`],
    ['Step', `one ${step}`],
    ['Metrics', String(metrics.length)],
    ...(asOf === null
      ? []
      : [['Data as of', `${asOf.slice(0, 19).replace('T', ' ')} (UTC)`] satisfies [string, string]]),
  ];
  return {
    title,
    summary: 'How each metric went over time, and how the second half of the range compares with the first.',
    over: portfolio.name,
    facts,
    tags: [],
  };
}

/** The table of all metrics, and a legend of the charts. */
async function setSummary(typesetter: Typesetter, tag: Tag, metrics: readonly Compared[]): Promise<void> {
  await setHeading(typesetter, tag, 'Summary', 1, 60);
  await setText(typesetter, tag, 'Averages of all samples of each half of the range.', types.body);
  const header = ['Metric', 'Unit', 'First half', 'Second half', 'Change', 'It got'];
  const rows = metrics.map((metric) => [
    metric.name,
    metric.unit,
    metric.first === null ? '–' : shortNumber(metric.first),
    metric.second === null ? '–' : shortNumber(metric.second),
    changeOf(metric),
    verdictOf(metric),
  ]);
  const table: Table = {
    type: 'table',
    align: ['left', 'left', 'right', 'right', 'right', 'left'],
    children: [header, ...rows].map(toRow),
  };
  await setTable(typesetter, table, frameIn(tag), false);
  endTable(typesetter);
  await setText(
    typesetter,
    tag,
    'In the charts, the line is the average of each step and the band reaches from its lowest to its highest value. Dashed lines are the averages of the two halves. Where a step has no samples, there is a gap.',
    types.note,
  );
}

const toRow = (cells: string[]): TableRow => ({
  type: 'tableRow',
  children: cells.map((value) => ({ type: 'tableCell', children: [{ type: 'text', value }] })),
});

/** The change in percent of the first half if that is positive, otherwise as a difference. */
function changeOf({ first, ratio, difference }: Halves): string {
  if (difference === null || first === null) return '–';
  const sign = difference > 0 ? '+' : '';
  if (first > 0 && ratio !== null) return `${sign}${shortNumber(Number(((ratio - 1) * 100).toFixed(1)))} %`;
  return `${sign}${shortNumber(difference)}`;
}

function verdictOf({ difference, improved }: Halves): string {
  if (difference === null) return '–';
  return difference === 0 ? 'no different' : improved ? 'better' : 'worse';
}

async function setMetric(
  typesetter: Typesetter,
  parent: Tag,
  metric: Compared,
  rows: readonly ReportRow[],
  range: Range,
): Promise<void> {
  const { flow, book } = typesetter;
  await setHeading(typesetter, parent, metric.name, 2, chartHeight + 40);
  await setText(typesetter, parent, factsOf(metric, rows), types.caption);
  flow.gap(6);
  if (rows.length > 0) {
    const tag = book.openTag('Figure', parent, { alt: altOf(metric, rows, range) });
    await flow.ensure(chartHeight);
    const { ink, left, y, width } = flow;
    const chart = {
      unit: metric.unit,
      rows,
      step: range.step,
      from: Date.parse(range.from),
      to: Date.parse(range.to),
      halves: [metric.first, metric.second] as const,
    };
    ink.tagged(tag, () => drawChart(ink, { left, top: y, width, height: chartHeight }, chart));
    tag.end();
    flow.advance(chartHeight);
  }
  flow.gap(20);
}

function factsOf({ key, betterWhen }: ReportedMetric, rows: readonly ReportRow[]): string {
  const better = `better when it goes ${betterWhen}`;
  if (rows.length === 0) return `${key} · ${better} · no samples in this range`;
  const samples = rows.reduce((sum, { count }) => sum + count, 0);
  const { lowest, highest } = extremesOf(rows);
  return `${key} · ${better} · ${samples.toLocaleString('en-GB')} ${samples === 1 ? 'sample' : 'samples'}, from ${shortNumber(lowest)} to ${shortNumber(highest)}`;
}

function extremesOf(rows: readonly ReportRow[]) {
  return {
    lowest: rows.reduce((least, { min }) => Math.min(least, min), Infinity),
    highest: rows.reduce((most, { max }) => Math.max(most, max), -Infinity),
  };
}

/** The alternative text of a chart. */
function altOf(
  { name, unit }: ReportedMetric,
  rows: readonly ReportRow[],
  { from, to, step }: Range,
): string {
  const { lowest, highest } = extremesOf(rows);
  const [first, last] = [rows[0]!, rows.at(-1)!];
  return (
    `Line chart of ${name} in ${unit} from ${shown(from)} until before ${shown(to)}, by the ${step}. ` +
    `The average goes from ${shortNumber(first.avg)} (${first.at.slice(0, 10)}) to ${shortNumber(last.avg)} (${last.at.slice(0, 10)}); ` +
    `all values are from ${shortNumber(lowest)} to ${shortNumber(highest)}. Steps with samples: ${rows.length}.`
  );
}

/** Sets a heading that has at least `room` points below it on its page; headings of metrics are in the outline. */
async function setHeading(
  typesetter: Typesetter,
  parent: Tag,
  text: string,
  depth: 1 | 2,
  room: number,
): Promise<void> {
  const { flow, contents } = typesetter;
  const style = headingStyle(depth);
  await flow.ensure(style.leading + room);
  if (depth === 2) contents.add(text, depth, flow.y);
  await inTag(typesetter, parent, `H${depth}`, (tag) => {
    const look = plainLook('bold', style.size, style.color);
    const lines = breakLines([{ kind: 'text', text, look }], flow.width, style);
    return setLines(typesetter, lines, { type: style, tag, progress: () => {} });
  });
  flow.gap(style.after);
}

async function setText(
  typesetter: Typesetter,
  parent: Tag,
  text: string,
  type: { size: number; leading: number },
): Promise<void> {
  await inTag(typesetter, parent, 'P', (tag) => {
    const look = plainLook('regular', type.size, colors.muted);
    const lines = breakLines([{ kind: 'text', text, look }], typesetter.flow.width, type);
    return setLines(typesetter, lines, { type, tag, progress: () => {} });
  });
  typesetter.flow.gap(8);
}

function frameIn(tag: Tag): Frame {
  const style = { size: types.body.size, color: colors.ink };
  return { tag, type: types.body, style, listDepth: 0, gap: 8, progress: () => {} };
}
