import type { List, ListItem } from 'mdast';

import { colors } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { plainLook } from '../type/text.ts';
import { indentWithin, inTag } from '../typesetter.ts';
import type { Frame, SetBlocks, Typesetter } from '../typesetter.ts';

const bullets = ['•', '–', '▪'];
const tightGap = 3;

/** The number of the next item of an ordered list that is set in parts. */
const nextNumbers = new WeakMap<Typesetter, number>();

/** Sets a list; one that `continues` continues the numbering. */
export async function setList(
  typesetter: Typesetter,
  node: List,
  frame: Frame,
  continues: boolean,
  setBlocks: SetBlocks,
): Promise<void> {
  const { flow } = typesetter;
  const start = (continues ? nextNumbers.get(typesetter) : undefined) ?? node.start ?? 1;
  if (node.ordered === true) nextNumbers.set(typesetter, start + node.children.length);
  const loose = node.spread === true || node.children.some(({ spread }) => spread);
  const gap = loose ? frame.gap * 0.7 : tightGap;
  const size = frame.style.size;
  const digits = String(start + node.children.length - 1).length;
  const wanted = node.ordered === true ? size * (0.95 + 0.52 * digits) : size * 1.5;
  const indent = indentWithin(flow.width, Math.max(wanted, size * 1.5));
  if (continues) flow.replaceGap(gap);
  await inTag(typesetter, frame.tag, 'L', async (tag) => {
    for (const [index, item] of node.children.entries()) {
      const marker =
        node.ordered === true ? `${start + index}.` : (bullets[frame.listDepth % bullets.length] ?? '•');
      const progress = (part: number): void => frame.progress((index + part) / node.children.length);
      const inner = { ...frame, tag, listDepth: frame.listDepth + 1, gap, progress };
      await setItem(typesetter, item, marker, indent, inner, setBlocks);
      flow.gap(gap);
    }
  });
  flow.gap(frame.gap);
}

async function setItem(
  typesetter: Typesetter,
  item: ListItem,
  bullet: string,
  indent: number,
  frame: Frame,
  setBlocks: SetBlocks,
): Promise<void> {
  const { flow, book } = typesetter;
  const task = typeof item.checked === 'boolean';
  const marker = task ? (item.checked === true ? '☑' : '☐') : bullet;
  await inTag(typesetter, frame.tag, 'LI', async (tag) => {
    const label = book.openTag('Lbl', tag);
    const { size } = frame.style;
    const color = task && item.checked === true ? colors.accent : colors.muted;
    const [line] = allLines(
      [{ kind: 'text', text: marker, look: plainLook('regular', size, color) }],
      1_000,
      frame.type,
    );
    const { left } = flow;
    flow.mark((baseline) => {
      const fromText = /\d/.test(marker) ? size * 0.45 + (line?.width ?? 0) : size * 1.25;
      const x = left + indent - fromText;
      if (line !== undefined) flow.ink.tagged(label, () => flow.ink.line(line, x, baseline));
      label.end();
    });
    await flow.indented(indent, () =>
      inTag(typesetter, tag, 'LBody', async (body) => {
        await setBlocks(typesetter, item.children, { ...frame, tag: body });
        if (flow.marksNext) {
          await flow.ensure(frame.type.leading);
          flow.advance(frame.type.leading);
        }
      }),
    );
  });
}
