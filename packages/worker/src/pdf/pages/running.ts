import { colors, paper, types } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { plainLook } from '../type/text.ts';
import type { Line } from '../type/text.ts';
import type { Ink } from './ink.ts';

const look = plainLook('regular', types.running.size, colors.muted);
const width = paper.right - paper.left;

/** Draws the running head: the portfolio on the left, the case study on the right. */
export function drawRunningHead(ink: Ink, portfolioName: string, title: string): void {
  const name = elidedLine(portfolioName, width * 0.4);
  const study = elidedLine(title, width * 0.55);
  ink.artifact(() => {
    if (name !== undefined) ink.line(name, paper.left, paper.headerBaseline);
    if (study !== undefined) ink.line(study, paper.right - study.width, paper.headerBaseline);
    ink.rectangle(paper.left, paper.headerBaseline + 8, width, 0.5, colors.hairline);
  });
}

/** Draws "Page 3 of 34". */
export function drawFooter(ink: Ink, page: number, pages: number): void {
  const line = elidedLine(`Page ${page} of ${pages}`, width);
  ink.artifact(() => {
    if (line !== undefined) ink.line(line, paper.right - line.width, paper.footerBaseline);
  });
}

function elidedLine(text: string, room: number): Line | undefined {
  const lines = allLines([{ kind: 'text', text, look }], room - 8, types.running);
  const [line] = lines;
  if (line === undefined || lines.length === 1) return line;
  const shown = line.pieces.flatMap(({ content }) => ('runs' in content ? content.runs : []));
  const start = shown
    .flatMap(({ texts }) => texts)
    .join('')
    .trimEnd();
  return allLines([{ kind: 'text', text: `${start}…`, look }], room + 20, types.running)[0];
}
