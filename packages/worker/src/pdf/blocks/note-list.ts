import type { Tag } from '../file/structure.ts';
import type { Note } from '../markdown/notes.ts';
import { colors, types } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { plainLook } from '../type/text.ts';
import type { Span } from '../type/text.ts';
import { inTag } from '../typesetter.ts';
import type { Frame, SetBlocks, Typesetter } from '../typesetter.ts';

const indent = 24;

/** Sets the footnotes at the end of the text; the number of each links back to its reference. */
export async function setNotes(typesetter: Typesetter, frame: Frame, setBlocks: SetBlocks): Promise<void> {
  const { flow, contents } = typesetter;
  let first = true;
  for (const note of typesetter.notes.all()) {
    if (first) {
      const depth = contents.highest;
      await setBlocks(
        typesetter,
        [{ type: 'heading', depth, children: [{ type: 'text', value: 'Notes' }] }],
        frame,
      );
      first = false;
    }
    const style = { ...frame.style, size: types.note.size };
    await inTag(typesetter, frame.tag, 'Note', async (tag) => {
      markNote(typesetter, note, note.referred, tag);
      await flow.indented(indent, () =>
        setBlocks(typesetter, note.definition.children, { ...frame, tag, type: types.note, style, gap: 4 }),
      );
      if (flow.marksNext) {
        await flow.ensure(types.note.leading);
        flow.advance(types.note.leading);
      }
    });
    flow.gap(4);
  }
}

function markNote(
  { flow, book }: Typesetter,
  { number, anchor, mark }: Note,
  referred: boolean,
  tag: Tag,
): void {
  const look = plainLook('bold', types.note.size, referred ? colors.link : colors.muted);
  const link = referred ? { anchor: mark } : undefined;
  const span: Span = { kind: 'text', text: `${number}`, look, link, anchor };
  const [line] = allLines([span], indent, types.note);
  const { left } = flow;
  const label = book.openTag('Lbl', tag);
  flow.mark((baseline) => {
    if (line !== undefined) flow.ink.tagged(label, () => flow.ink.line(line, left, baseline));
    label.end();
  });
}
