import type { Tag } from '../file/structure.ts';
import { colors, paper } from '../theme.ts';
import type { Type } from '../theme.ts';
import { allLines, breakLines } from '../type/lines.ts';
import { plainLook } from '../type/text.ts';
import type { Look, Span } from '../type/text.ts';
import { openTypefacesFor } from '../type/typefaces.ts';
import { inTag, setLines } from '../typesetter.ts';
import type { Typesetter } from '../typesetter.ts';
import type { Flow } from './flow.ts';

export type TitlePage = {
  /** The line above the title. */
  readonly over: string;
  readonly title: string;
  readonly summary: string;
  /** Set below the summary. */
  readonly more?: (typesetter: Typesetter, tag: Tag) => Promise<void>;
  readonly facts: readonly TitleFact[];
  readonly tags: readonly string[];
};

/** Label and value of a fact about the study. */
export type TitleFact = readonly [label: string, value: string | Span[]];

/** The text of facts, to open fonts for. */
export function textsOf(facts: readonly TitleFact[]): string[] {
  return facts.flatMap(([label, value]) => [
    label,
    ...(typeof value === 'string' ? [value] : value.map((span) => (span.kind === 'text' ? span.text : ''))),
  ]);
}

const factsTop = 620;
const bandHeight = 9;
const labelWidth = 92;

/** Sets the title page; long texts continue on further pages. */
export async function setTitlePage(typesetter: Typesetter, content: TitlePage, tag: Tag): Promise<void> {
  const { flow } = typesetter;
  const { over, title, summary, more, facts, tags } = content;
  await openTypefacesFor([over, title, summary, ...tags, ...textsOf(facts)].join(''));
  const set = (text: string | Span[], look: Look, leading: number, tagType = 'P'): Promise<void> =>
    inTag(typesetter, tag, tagType, (inner) => {
      const type: Type = { size: look.size, leading };
      const spans: Span[] = typeof text === 'string' ? [{ kind: 'text', text, look }] : text;
      const lines = breakLines(
        spans,
        tagType === 'H1' ? balancedWidth(spans, flow.width, type) : flow.width,
        type,
      );
      return setLines(typesetter, lines, { type, tag: inner, progress: () => {} });
    });

  await flow.ensure(1);
  const { ink } = flow;
  ink.artifact(() => ink.rectangle(0, 0, paper.width, bandHeight, colors.accent));
  flow.advance(2);
  await set(over, plainLook('bold', 11.5, colors.accent), 16);
  flow.advance(Math.max(30, 150 - (flow.y - paper.top)));
  await set(title, plainLook('bold', titleSize(title), colors.ink), titleSize(title) * 1.2, 'H1');
  flow.advance(14);
  drawBar(flow);
  flow.advance(22);
  await set(summary, plainLook('regular', 13.5, colors.muted), 21);
  if (more !== undefined) {
    flow.advance(14);
    await more(typesetter, tag);
  }
  flow.advance(28);
  if (flow.y < factsTop) flow.advance(factsTop - flow.y);
  for (const [label, value] of facts) {
    await flow.ensure(18);
    const { y } = flow;
    await set(label, plainLook('regular', 10, colors.faint), 18);
    flow.y = y;
    await flow.indented(labelWidth, () => set(value, plainLook('regular', 10.6, colors.ink), 18));
  }
  if (tags.length === 0) return;
  flow.advance(10);
  await set(chips(tags), plainLook('regular', 9.2, colors.accent), 18);
}

/** The smallest width with the same number of lines, so that the last line is not a single word. */
export function balancedWidth(spans: readonly Span[], width: number, type: Type): number {
  const count = allLines(spans, width, type).length;
  let balanced = width;
  while (balanced > 100 && allLines(spans, balanced - 8, type).length === count) balanced -= 8;
  return balanced;
}

function titleSize(title: string): number {
  return title.length > 120 ? 22 : title.length > 60 ? 28 : 33;
}

export function drawBar({ ink, left, y }: Flow): void {
  ink.artifact(() => ink.rectangle(left, y, 46, 3, colors.accent));
}

/** Tags on light backgrounds, with space between them. */
export function chips(tags: readonly string[]): Span[] {
  const ground = { ...plainLook('regular', 9.2, colors.accent), ground: colors.tint };
  const between = plainLook('regular', 9.2, colors.accent);
  return tags.flatMap((text): Span[] => [
    { kind: 'text', text: `\u2005${text}\u2005`, look: ground },
    { kind: 'text', text: '   ', look: between },
  ]);
}
