import type { PhrasingContent, Table } from 'mdast';

import { colors, types } from '../theme.ts';
import { breakLines } from '../type/lines.ts';
import { inTag, setLines } from '../typesetter.ts';
import type { Frame, Typesetter } from '../typesetter.ts';
import { inlineSpans } from './inline.ts';

const separator: PhrasingContent = { type: 'text', value: ' · ' };
const space: PhrasingContent = { type: 'text', value: '  ' };

/** Sets a table that is too wide for the page as records: each cell on its own line, after its column header. */
export async function setRecords(typesetter: Typesetter, node: Table, frame: Frame): Promise<void> {
  const { flow } = typesetter;
  const [header, ...rows] = node.children;
  const inner = { ...frame, type: types.table, style: { ...frame.style, size: types.table.size } };
  await inTag(typesetter, frame.tag, 'Table', async (table) => {
    const names = (header?.children ?? []).flatMap(({ children }) => [...children, separator]);
    await setCell(typesetter, [], names.slice(0, -1), {
      ...inner,
      tag: table,
      style: { ...inner.style, bold: true },
    });
    for (const [index, row] of rows.entries()) {
      flow.gap(6);
      await flow.ensure(2 * types.table.leading);
      const { ink, left, width, y } = flow;
      ink.artifact(() => ink.rectangle(left, y, width, 0.5, colors.hairline));
      flow.advance(6);
      await inTag(typesetter, table, 'TR', async (tag) => {
        for (const [column, cell] of row.children.entries()) {
          await setCell(typesetter, header?.children[column]?.children ?? [], cell.children, {
            ...inner,
            tag,
            progress: () => {},
          });
        }
      });
      frame.progress((index + 1) / rows.length);
    }
  });
  flow.gap(frame.gap + 5);
}

async function setCell(
  typesetter: Typesetter,
  header: readonly PhrasingContent[],
  cell: readonly PhrasingContent[],
  frame: Frame,
): Promise<void> {
  const { flow } = typesetter;
  const context = { ...typesetter, pictureWidth: flow.width };
  const label = await inlineSpans(header, { ...frame.style, bold: true }, context);
  const content = await inlineSpans([space, ...cell], frame.style, context);
  const lines = breakLines([...label, ...content], flow.width, frame.type);
  await inTag(typesetter, frame.tag, 'TD', (tag) => setLines(typesetter, lines, { ...frame, tag }));
}
