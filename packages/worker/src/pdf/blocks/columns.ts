import { types } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { shape } from '../type/shaping.ts';
import type { Span } from '../type/text.ts';

/** The space around a cell's text, in points. */
export const padding = { x: 6, y: 4.5 };

/** No column is set narrower than this, padding included. */
const narrowest = 34;

type Wants = { natural: number; least: number };

/**
 * Distributes a table's width over its columns: those with short text get the full width of their text, the others
 * share the rest, each at least as wide as its longest word if possible.
 */
export function columnWidths(rows: readonly Span[][][], width: number): number[] {
  const columns: Wants[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      const column = (columns[index] ??= { natural: narrowest, least: narrowest });
      column.natural = Math.max(column.natural, naturalWidth(cell) + 2 * padding.x + 0.5);
      column.least = Math.max(column.least, widestWord(cell) + 2 * padding.x + 0.5);
    }
  }
  const natural = sum(columns, (column) => column.natural);
  if (natural <= width) return columns.map((column) => (column.natural * width) / natural);
  const short = shortColumns(columns, width);
  const long = columns.filter((column) => !short.has(column));
  const left = width - sum([...short], (column) => column.natural);
  const shares = new Map(shareOut(long, left).map((share, index) => [long[index], share]));
  return columns.map((column) => shares.get(column) ?? column.natural);
}

/** The columns whose text fits an even share of the width that the others leave. */
function shortColumns(columns: readonly Wants[], width: number): Set<Wants> {
  const short = new Set<Wants>();
  let left = width;
  for (const column of columns.toSorted((one, other) => one.natural - other.natural)) {
    if (column.natural > left / (columns.length - short.size)) break;
    short.add(column);
    left -= column.natural;
  }
  return short;
}

function shareOut(columns: readonly Wants[], width: number): number[] {
  const natural = columns.map((column) => Math.min(column.natural, 3 * width));
  const least = columns.map((column) => Math.min(column.least, width * 0.45));
  if (total(least) <= width) {
    const stretch = (width - total(least)) / (total(natural) - total(least));
    return least.map((own, index) => own + ((natural[index] ?? own) - own) * stretch);
  }
  const spare = width - narrowest * columns.length;
  const wanted = total(least) - narrowest * columns.length;
  return least.map((own) => narrowest + ((own - narrowest) * spare) / wanted);
}

function total(widths: readonly number[]): number {
  return widths.reduce((all, one) => all + one, 0);
}

function sum(columns: readonly Wants[], part: (column: Wants) => number): number {
  return total(columns.map(part));
}

function naturalWidth(cell: readonly Span[]): number {
  return Math.max(0, ...allLines(cell, 2_000, types.table).map((line) => line.width));
}

function widestWord(cell: readonly Span[]): number {
  let widest = 0;
  for (const span of cell) {
    if (span.kind === 'picture') widest = Math.max(widest, Math.min(span.picture.width, 60));
    else for (const word of span.text.split(/\s+/)) widest = Math.max(widest, wordWidth(word, span));
  }
  return widest;
}

function wordWidth(word: string, { look }: Span): number {
  return (shape(word, look.font).width * look.size) / 1000;
}
