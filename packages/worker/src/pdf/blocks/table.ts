import type { Table, TableRow } from 'mdast';

import type { Tag } from '../file/structure.ts';
import { colors, paper, types } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { baselineOf } from '../type/text.ts';
import type { Line, Span } from '../type/text.ts';
import { alignedX, fitting } from '../typesetter.ts';
import type { Alignment, Frame, Typesetter } from '../typesetter.ts';
import { columnWidths, padding } from './columns.ts';
import { inlineSpans } from './inline.ts';
import { setRecords } from './records.ts';

const type = types.table;
const page = paper.bottom - paper.top;
/** A header taller than this is not repeated; a row shorter than this is not split between pages. */
const tallHeader = page * 0.25;
const tallRow = page * 0.3;

/** The layout that all rows of a table share. */
type Layout = {
  readonly widths: readonly number[];
  readonly alignments: readonly Alignment[];
  readonly header: readonly Line[][];
  readonly tag: Tag;
};

// The last table: a block that continues it uses the same layout.
const layouts = new WeakMap<Typesetter, Layout>();

/**
 * Sets a table. Its header is repeated on each page, a row longer than a page continues on the next pages,
 * and a table with too many columns for the page becomes a list of records.
 */
export async function setTable(
  typesetter: Typesetter,
  node: Table,
  frame: Frame,
  continues: boolean,
): Promise<void> {
  const { flow, pace } = typesetter;
  const [first, ...rest] = node.children;
  const columns = Math.max(...node.children.map(({ children }) => children.length));
  if (flow.width / columns < 38) {
    await setRecords(typesetter, node, frame);
    return;
  }
  const count = (continues ? layouts.get(typesetter)?.widths.length : undefined) ?? columns;
  const rows: Span[][][] = [];
  for (const row of rest) {
    rows.push(await cellsOf(typesetter, row, frame, count, false));
    if (pace.due) await pace.rest();
  }
  let layout = continues ? layouts.get(typesetter) : undefined;
  if (layout !== undefined) flow.replaceGap(0);
  if (layout === undefined) {
    endTable(typesetter);
    const header = first === undefined ? [] : await cellsOf(typesetter, first, frame, count, true);
    layout = begin(typesetter, node, frame, header, rows);
    layouts.set(typesetter, layout);
    flow.gap(frame.gap + 2);
    const firstRow = rows[0] === undefined ? [] : linesOf(rows[0], layout);
    await flow.ensure(heightOf(layout.header) + Math.min(heightOf(firstRow), tallRow));
    await setRow(typesetter, layout, layout.header, 'TH', layout.tag);
  }
  for (const [index, row] of rows.entries()) {
    const lines = linesOf(row, layout);
    if (index === rows.length - 2 && index > 1) {
      // The last row is not alone on a page.
      const both = heightOf(lines) + heightOf(linesOf(rows[index + 1] ?? [], layout));
      if (both > flow.room && both < tallRow) await turnPage(typesetter, layout, 'TD');
    }
    await setRow(typesetter, layout, lines, 'TD', layout.tag);
    frame.progress((index + 1) / rows.length);
    if (pace.due) await pace.rest();
  }
  flow.gap(frame.gap + 5);
}

/** Ends the open table. */
export function endTable(typesetter: Typesetter): void {
  layouts.get(typesetter)?.tag.end();
  layouts.delete(typesetter);
}

function begin(
  typesetter: Typesetter,
  node: Table,
  frame: Frame,
  header: Span[][],
  rows: Span[][][],
): Layout {
  const { flow, book } = typesetter;
  const widths = columnWidths([header, ...rows], flow.width);
  const alignments = widths.map((_, index) => node.align?.[index] ?? 'left');
  const tag = book.openTag('Table', frame.tag);
  return { widths, alignments, tag, header: linesOf(header, { widths }) };
}

/** The spans of a row's cells: a missing cell is empty, and excess cells are appended to the last one. */
async function cellsOf(
  typesetter: Typesetter,
  row: TableRow,
  frame: Frame,
  count: number,
  bold: boolean,
): Promise<Span[][]> {
  const cells: Span[][] = Array.from({ length: count }, () => []);
  const style = { ...frame.style, size: type.size, bold };
  const context = { ...typesetter, pictureWidth: typesetter.flow.width / count, pictureHeight: page * 0.5 };
  for (const [index, cell] of row.children.entries()) {
    const spans = await inlineSpans(cell.children, style, context);
    cells[Math.min(index, count - 1)]?.push(...spans);
  }
  return cells;
}

function linesOf(cells: readonly Span[][], { widths }: Pick<Layout, 'widths'>): Line[][] {
  return cells.map((spans, index) => allLines(spans, (widths[index] ?? 0) - 2 * padding.x, type));
}

function heightOf(cells: readonly (readonly Line[])[]): number {
  const heights = cells.map((lines) => lines.reduce((sum, line) => sum + line.height, 0));
  return Math.max(type.leading, ...heights) + 2 * padding.y;
}

async function setRow(
  typesetter: Typesetter,
  layout: Layout,
  cells: readonly Line[][],
  cellType: 'TH' | 'TD',
  table: Tag,
): Promise<void> {
  const { flow, book } = typesetter;
  const tag = book.openTag('TR', table);
  const cellTags = cells.map(() => book.openTag(cellType, tag, cellType === 'TH' ? { scope: 'Column' } : {}));
  const draw = (part: readonly Line[][]): void => drawRow(typesetter, layout, part, cellType, cellTags);
  let left = cells.map((lines) => [...lines]);
  let fresh = false;
  await flow.ensure(0);
  while (heightOf(left) > flow.room + 0.01) {
    const counts = left.map((lines) => fitting(lines, flow.room - 2 * padding.y));
    const whole = left.every((lines, index) => lines.length === cells[index]?.length);
    const some = left.some((lines, index) => lines.length > 0 && (counts[index] ?? 0) > 1);
    if (!fresh && (!some || (whole && heightOf(left) < tallRow))) {
      await turnPage(typesetter, layout, cellType);
      fresh = true;
      continue;
    }
    draw(left.map((lines, index) => lines.slice(0, Math.max(1, counts[index] ?? 0))));
    left = left.map((lines, index) => lines.slice(Math.max(1, counts[index] ?? 0)));
    if (left.every((lines) => lines.length === 0)) break;
    await turnPage(typesetter, layout, cellType);
    fresh = true;
  }
  if (left.some((lines) => lines.length > 0) || cells.every((lines) => lines.length === 0)) draw(left);
  for (const cellTag of cellTags) cellTag.end();
  tag.end();
}

async function turnPage(typesetter: Typesetter, layout: Layout, cellType: 'TH' | 'TD'): Promise<void> {
  const { flow } = typesetter;
  await flow.turnPage();
  await flow.ensure(0);
  if (cellType === 'TD' && heightOf(layout.header) <= tallHeader) {
    flow.ink.artifact(() => drawRow(typesetter, layout, layout.header, 'TH', undefined));
  }
}

function drawRow(
  { flow }: Typesetter,
  { widths, alignments }: Layout,
  cells: readonly (readonly Line[])[],
  cellType: 'TH' | 'TD',
  tags: readonly Tag[] | undefined,
): void {
  const { ink, y } = flow;
  const height = heightOf(cells);
  const rule = cellType === 'TH' ? 1 : 0.5;
  const drawRule = (): void =>
    ink.rectangle(
      flow.left,
      y + height - rule,
      flow.width,
      rule,
      cellType === 'TH' ? colors.accent : colors.hairline,
    );
  if (tags === undefined) drawRule();
  else ink.artifact(drawRule);
  let x = flow.left;
  for (const [index, lines] of cells.entries()) {
    const width = widths[index] ?? 0;
    const drawCell = (): void => {
      let top = y + padding.y;
      for (const line of lines) {
        const from = alignedX(line, x + padding.x, width - 2 * padding.x, alignments[index] ?? 'left');
        ink.line(line, from, baselineOf(line, top, type));
        top += line.height;
      }
    };
    const tag = tags?.[index];
    if (tag === undefined) drawCell();
    else if (lines.length > 0) ink.tagged(tag, drawCell);
    x += width;
  }
  flow.advance(height);
}
