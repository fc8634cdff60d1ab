import type { PdfDocument } from '../document.ts';
import type { Tag } from '../file/structure.ts';
import { colors } from '../theme.ts';
import { allLines, breakLines } from '../type/lines.ts';
import { plainLook } from '../type/text.ts';
import type { Look, Span } from '../type/text.ts';
import { openTypefacesFor } from '../type/typefaces.ts';
import { inTag, setLines } from '../typesetter.ts';
import type { Typesetter } from '../typesetter.ts';
import { balancedWidth, chips, drawBar, textsOf } from './title-page.ts';
import type { TitleFact } from './title-page.ts';

const fact = plainLook('regular', 9.6, colors.ink);
const label = plainLook('regular', 9.6, colors.faint);

const text = (value: string, look: Look): Span[] => [{ kind: 'text', text: value, look }];

/** Begins a study of a portfolio: its number and title at the top of a new page, its summary, and its facts. */
export async function setStudyOpening(
  typesetter: Typesetter,
  { title, summary, tags }: PdfDocument,
  number: number,
  facts: readonly TitleFact[],
  parent: Tag,
): Promise<void> {
  const { flow, contents, scope } = typesetter;
  await openTypefacesFor(title, summary, ...tags, ...textsOf(facts));
  const set = (spans: Span[], size: number, leading: number, type = 'P'): Promise<void> =>
    inTag(typesetter, parent, type, (tag) => {
      const width = type === 'H1' ? balancedWidth(spans, flow.width, { size, leading }) : flow.width;
      const lines = breakLines(spans, width, { size, leading });
      return setLines(typesetter, lines, { type: { size, leading }, tag, progress: () => {} });
    });

  await flow.ensure(1);
  contents.startPart(title, flow.y, scope);
  await set(text(`Case study ${number}`, plainLook('bold', 10.4, colors.accent)), 10.4, 16);
  flow.advance(6);
  const size = title.length > 120 ? 20 : 26;
  await set(text(title, plainLook('bold', size, colors.ink)), size, size * 1.2, 'H1');
  flow.advance(10);
  drawBar(flow);
  flow.advance(16);
  await set(text(summary, plainLook('regular', 12.2, colors.muted)), 12.2, 18.4);
  flow.advance(12);
  const shown = facts.flatMap(([name, value], index): Span[] => [
    ...text(index === 0 ? '' : '     ', fact),
    ...text(`${name}\u2002`, label),
    ...(typeof value === 'string' ? text(value, fact) : value),
  ]);
  if (allLines(shown, flow.width, { size: 9.6, leading: 15 }).length > 0) await set(shown, 9.6, 15);
  if (tags.length > 0) {
    flow.advance(4);
    await set(chips(tags), 9.2, 18);
  }
  flow.gap(24);
}
