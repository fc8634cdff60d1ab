import type { Tag } from '../file/structure.ts';
import { colors, types } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { baselineOf, plainLook } from '../type/text.ts';
import type { Line, Span } from '../type/text.ts';
import { inTag, setLines } from '../typesetter.ts';
import type { Typesetter } from '../typesetter.ts';

/** A label and its value. */
export type Fact = readonly [label: string, value: readonly Span[]];

const type = types.note;
const labelWidth = 62;
const labelLook = plainLook('regular', type.size, colors.muted);
const valueLook = plainLook('regular', type.size, colors.ink);

export const factText = (text: string): Span => ({ kind: 'text', text, look: valueLook });

export const factTitle = (text: string): Span => ({
  kind: 'text',
  text,
  look: plainLook('bold', type.size, colors.ink),
});

export const factLink = (url: string): Span => ({
  kind: 'text',
  text: url,
  look: plainLook('regular', type.size, colors.link),
  link: { url },
});

/** A value that is compared letter by letter. */
export const factCode = (text: string): Span => ({
  kind: 'text',
  text,
  look: plainLook('mono', 8, colors.codeInk),
});

/** Facts shorter than this stay on one page. */
const tallestKept = 240;

/** Sets facts as a table of two columns without rules. */
export async function setFacts(typesetter: Typesetter, facts: readonly Fact[], parent: Tag): Promise<void> {
  const { flow } = typesetter;
  await inTag(typesetter, parent, 'Table', async (table) => {
    const rows = facts.map(([label, value]) => ({
      label,
      lines: allLines(value, flow.width - labelWidth, type),
    }));
    const height = rows.reduce((sum, { lines }) => sum + lines.length, 0) * type.leading;
    await flow.ensure(height <= tallestKept ? height : 2 * type.leading);
    for (const row of rows) await inTag(typesetter, table, 'TR', (tag) => setFact(typesetter, row, tag));
  });
}

async function setFact(
  typesetter: Typesetter,
  { label, lines }: { label: string; lines: readonly Line[] },
  row: Tag,
): Promise<void> {
  const { flow, book } = typesetter;
  const [name] = allLines([{ kind: 'text', text: label, look: labelLook }], labelWidth, type);
  await flow.ensure(Math.min(3, lines.length) * type.leading);
  const head = book.openTag('TH', row, { scope: 'Row' });
  const { ink, left, y } = flow;
  ink.tagged(head, () => name && ink.line(name, left, baselineOf(name, y, type)));
  head.end();
  await flow.indented(labelWidth, () =>
    inTag(typesetter, row, 'TD', (tag) =>
      setLines(typesetter, lines.values(), { type, tag, progress: () => {} }),
    ),
  );
}
