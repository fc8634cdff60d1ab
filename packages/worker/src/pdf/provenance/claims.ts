import type { PdfClaim } from '../document.ts';
import type { Tag } from '../file/structure.ts';
import { colors, headingStyle, standingColors, types } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { look, plainLook } from '../type/text.ts';
import type { Span } from '../type/text.ts';
import { openTypefacesFor } from '../type/typefaces.ts';
import { inTag, setLines } from '../typesetter.ts';
import type { Typesetter } from '../typesetter.ts';
import { measuredText } from './words.ts';

/** A claim with its number in the file, and the names of its two destinations. */
export type NumberedClaim = {
  readonly claim: PdfClaim;
  /** "2", or "3.2" if the file has many studies. */
  readonly number: string;
  readonly inText: string;
  readonly inAppendix: string;
};

/** Numbers the claims of a study; `study` is its number among those of the file. */
export function numberClaims(claims: readonly PdfClaim[], study: number | undefined): NumberedClaim[] {
  return claims.map((claim, index) => {
    const number = study === undefined ? `${index + 1}` : `${study}.${index + 1}`;
    const anchor = [study ?? 0, index].map((part) => String(part).padStart(6, '0')).join('');
    return { claim, number, inText: `claim${anchor}`, inAppendix: `proof${anchor}` };
  });
}

/** The standing of a claim as a word on a coloured background. */
export function standingSpan(standing: PdfClaim['standing'], text: string = standing): Span {
  const { ink, ground } = standingColors[standing];
  const pill = look({ font: 'bold', size: 8.2, color: ink, rise: 0.4, strike: false, ground });
  return { kind: 'text', text: `\u2005${text}\u2005`, look: pill };
}

/** The number of claims with each standing. */
export function standingSpans(claims: readonly NumberedClaim[]): Span[] {
  const between: Span = { kind: 'text', text: '   ', look: plainLook('regular', 10.6, colors.ink) };
  if (claims.length === 0) return [{ ...between, text: 'none' }];
  const counts = new Map<PdfClaim['standing'], number>();
  for (const { claim } of claims) counts.set(claim.standing, (counts.get(claim.standing) ?? 0) + 1);
  const order = Object.keys(standingColors) as PdfClaim['standing'][];
  return order.flatMap((standing) => {
    const count = counts.get(standing);
    return count === undefined ? [] : [standingSpan(standing, `${count} ${standing}`), between];
  });
}

const indent = 26;
const progress = (): void => {};
const gapAfter = 9;
const meta = plainLook('regular', types.caption.size, colors.muted);

/** Sets the claims of a study before its text: each with its standing, its measurement, and a link to its provenance. */
export async function setClaims(
  typesetter: Typesetter,
  claims: readonly NumberedClaim[],
  parent: Tag,
): Promise<void> {
  const { flow, contents, book } = typesetter;
  await openTypefacesFor(...claims.map(({ claim }) => `${claim.statement} ${claim.metric?.unit}`));
  const style = headingStyle(2);
  const [title] = allLines(
    [{ kind: 'text', text: 'Claims', look: plainLook('bold', style.size, style.color) }],
    flow.width,
    style,
  );
  const heading = book.openTag('H2', parent);
  await flow.keep(style.leading, (top) => {
    contents.addSection('Claims', top);
    flow.ink.tagged(heading, () => title && flow.ink.line(title, flow.left, top + style.size));
    heading.end();
  });
  flow.gap(style.after);
  await inTag(typesetter, parent, 'L', async (list) => {
    for (const claim of claims) {
      await inTag(typesetter, list, 'LI', (item) => setClaim(typesetter, claim, item));
      flow.gap(gapAfter);
    }
  });
  flow.gap(style.before);
}

async function setClaim(
  typesetter: Typesetter,
  { claim, number, inText, inAppendix }: NumberedClaim,
  item: Tag,
): Promise<void> {
  const { flow } = typesetter;
  const { statement, standing, metric } = claim;
  const body = plainLook('regular', types.body.size, colors.ink);
  const width = flow.width - indent;
  const lines = allLines([{ kind: 'text', text: statement, look: body }], width, types.body);
  const link = { anchor: inAppendix };
  const spans: Span[] = [
    standingSpan(standing),
    { kind: 'text', text: '   ', look: meta },
    ...(metric === null
      ? []
      : [{ kind: 'text', text: `${measuredText(metric)}  ·  `, look: meta } satisfies Span]),
    {
      kind: 'text',
      text: `Provenance ${number}`,
      look: plainLook('regular', types.caption.size, colors.link),
      link,
    },
  ];
  const about = allLines(spans, width, types.caption);
  const height = lines.length * types.body.leading + about.length * types.caption.leading;
  await flow.ensure(Math.min(height + 4, 200));
  setNumber(typesetter, item, number, inText, link);
  await flow.indented(indent, () =>
    inTag(typesetter, item, 'LBody', async (tag) => {
      await inTag(typesetter, tag, 'P', (p) =>
        setLines(typesetter, lines.values(), { type: types.body, tag: p, progress }),
      );
      flow.gap(2);
      await inTag(typesetter, tag, 'P', (p) =>
        setLines(typesetter, about.values(), { type: types.caption, tag: p, progress }),
      );
    }),
  );
}

/** Draws a claim's number next to the next line; it is a named destination and a link to the other one. */
export function setNumber(
  { flow, book }: Typesetter,
  item: Tag,
  number: string,
  anchor: string,
  link: { anchor: string },
): void {
  const label = plainLook('bold', types.caption.size + 0.6, colors.link);
  const [line] = allLines([{ kind: 'text', text: number, look: label, link, anchor }], 60, types.body);
  const tag = book.openTag('Lbl', item);
  const { left } = flow;
  flow.mark((baseline) => {
    if (line !== undefined) flow.ink.tagged(tag, () => flow.ink.line(line, left, baseline));
    tag.end();
  });
}
