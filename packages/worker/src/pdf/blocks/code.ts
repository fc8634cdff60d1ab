import { colors, paper, types } from '../theme.ts';
import { breakLines } from '../type/lines.ts';
import { shape } from '../type/shaping.ts';
import { baselineOf, plainLook } from '../type/text.ts';
import type { Line } from '../type/text.ts';
import { openTypefacesFor } from '../type/typefaces.ts';
import { fitting, inTag } from '../typesetter.ts';
import type { Frame, Typesetter } from '../typesetter.ts';

const look = plainLook('mono', types.code.size, colors.codeInk);
const labelLook = plainLook('regular', 7.6, colors.faint);
const padding = 10;
const labelHeight = 8;
/** The indent of a continued line. */
const hang = 16;
const tabWidth = 4;

type Row = Line & { readonly goesOn: boolean };

/** Sets literal text on a light ground: long lines are wrapped, long blocks continue on further pages. */
export async function setCode(
  typesetter: Typesetter,
  value: string,
  label: string,
  frame: Frame,
): Promise<void> {
  const { flow, pace } = typesetter;
  await openTypefacesFor(value + label);
  const rows = rowsOf(value, flow.width - 2 * padding);
  await inTag(typesetter, frame.tag, 'Code', async (tag) => {
    flow.gap(frame.gap + 2);
    const waiting: Row[] = [];
    let top = padding + (label === '' ? 0 : labelHeight);
    let shownLabel = label;
    for (;;) {
      let complete = false;
      while (waiting.length * types.code.leading < paper.bottom - paper.top && !complete) {
        const { value: row, done } = rows.next();
        if (done === true) complete = true;
        else waiting.push(row);
        if (pace.due) await pace.rest();
      }
      if (waiting.length === 0) break;
      await flow.ensure(top + Math.min(3, waiting.length) * types.code.leading + padding);
      const set = waiting.splice(0, Math.max(1, fitting(waiting, flow.room - top - padding)));
      const height = top + set.length * types.code.leading + padding;
      const { ink, left, width, y } = flow;
      ink.artifact(() => ink.rectangle(left, y, width, height, colors.tint));
      ink.tagged(tag, () => {
        if (shownLabel !== '') drawLabel(typesetter, shownLabel);
        for (const [index, row] of set.entries()) drawRow(typesetter, row, y + top + index * row.height);
      });
      flow.advance(height);
      frame.progress(set.at(-1)?.done ?? 1);
      if (waiting.length > 0) await flow.turnPage();
      top = padding;
      shownLabel = '';
    }
  });
  flow.gap(frame.gap + 4);
}

function drawLabel({ flow }: Typesetter, label: string): void {
  const [line] = breakLines(
    [{ kind: 'text', text: label, look: labelLook }],
    flow.width - 2 * padding,
    types.code,
  );
  if (line !== undefined) flow.ink.line(line, flow.right - padding - line.width, flow.y + padding + 2);
}

function drawRow({ flow }: Typesetter, row: Row, y: number): void {
  const { ink } = flow;
  const x = flow.left + padding;
  const baseline = baselineOf(row, y, types.code);
  if (row.goesOn) ink.hook(x + 4, baseline - 6, colors.faint);
  ink.line(row, x + (row.goesOn ? hang : 0), baseline);
}

function* rowsOf(value: string, width: number): Generator<Row> {
  const lines = value.split('\n');
  for (const [index, text] of lines.entries()) {
    const done = (index + 1) / lines.length;
    const expanded = expandTabs(text);
    const content = shape(expanded, look.font);
    const full = (content.width * look.size) / 1000;
    if (full <= width + 0.01) {
      const pieces = [{ x: 0, width: full, look, link: undefined, anchor: undefined, content }];
      yield { pieces, width: full, height: types.code.leading, done, goesOn: false };
      continue;
    }
    let goesOn = false;
    for (const line of breakLines([{ kind: 'text', text: expanded, look }], width - hang, types.code)) {
      yield { ...line, done, goesOn };
      goesOn = true;
    }
  }
}

function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let expanded = '';
  for (const character of line) {
    expanded += character === '\t' ? ' '.repeat(tabWidth - (expanded.length % tabWidth)) : character;
  }
  return expanded;
}
