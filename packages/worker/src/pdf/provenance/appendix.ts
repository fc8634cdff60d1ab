import type { PdfClaim } from '../document.ts';
import type { Tag } from '../file/structure.ts';
import { colors, headingStyle, types } from '../theme.ts';
import type { Type } from '../theme.ts';
import { allLines, breakLines } from '../type/lines.ts';
import { baselineOf, plainLook } from '../type/text.ts';
import type { Span } from '../type/text.ts';
import { openTypefacesFor } from '../type/typefaces.ts';
import { inTag, setLines } from '../typesetter.ts';
import type { Typesetter } from '../typesetter.ts';
import { setNumber, standingSpan } from './claims.ts';
import type { NumberedClaim } from './claims.ts';
import { factCode, factLink, factText, factTitle, setFacts } from './facts.ts';
import type { Fact } from './facts.ts';
import {
  amountText,
  changeText,
  evidenceText,
  numberText,
  reasonsOf,
  timeText,
  versionText,
} from './words.ts';

/** The part of a study in the appendix; `title` is null if the file contains only this study. */
export type ProvenStudy = {
  readonly title: string | null;
  readonly claims: readonly NumberedClaim[];
  /** ISO 8601. */
  readonly provenAt: string;
};

const indent = 26;
const legend = `Each claim with the bytes and the measurements that it rests on. A SHA-256 names the exact bytes that the author of the claim had seen: whoever has the file can compute it again. A claim is backed while its evidence is fresh and unchanged and its metric has samples on both sides of the change; stale when evidence was not checked in time, or is no longer what its author had seen; broken when evidence or samples are gone; unbacked when it cites nothing.`;

/** Sets the provenance of all claims, starting on a new page. */
export async function setAppendix(
  typesetter: Typesetter,
  studies: readonly ProvenStudy[],
  parent: Tag,
): Promise<void> {
  const { flow, contents } = typesetter;
  await setTitle(typesetter, 'Provenance', 1, parent, (top) => {
    if (studies.some(({ title }) => title !== null)) contents.startPart('Provenance', top, 'provenance');
    else contents.addSection('Provenance', top);
  });
  await setText(typesetter, [muted(legend)], types.note, parent);
  flow.gap(12);
  for (const { title, claims, provenAt } of studies) {
    await openTypefacesFor(title ?? '', JSON.stringify(claims));
    if (title !== null) {
      await setTitle(typesetter, title, 3, parent, (top) => contents.addSection(title, top));
    }
    await setKept(typesetter, [muted(`As of ${timeText(provenAt)}`)], types.note, 'P', parent);
    for (const claim of claims) {
      await setProof(typesetter, claim, parent);
      if (typesetter.pace.due) await typesetter.pace.rest();
    }
    flow.gap(12);
  }
}

async function setTitle(
  typesetter: Typesetter,
  title: string,
  depth: 1 | 3,
  parent: Tag,
  drawn: (top: number) => void,
): Promise<void> {
  const { flow } = typesetter;
  const style = headingStyle(depth);
  const spans: Span[] = [{ kind: 'text', text: title, look: plainLook('bold', style.size, style.color) }];
  flow.gap(style.before);
  await setKept(typesetter, spans, style, depth === 1 ? 'H1' : 'H2', parent, drawn);
  flow.gap(style.after);
}

/** Sets lines that stay on the same page as the next block. */
async function setKept(
  { flow, book }: Typesetter,
  spans: Span[],
  type: Type,
  tagType: 'H1' | 'H2' | 'P',
  parent: Tag,
  drawn: (top: number) => void = () => {},
): Promise<void> {
  const lines = allLines(spans, flow.width, type);
  const tag = book.openTag(tagType, parent);
  await flow.keep(lines.length * type.leading, (top) => {
    drawn(top);
    flow.ink.tagged(tag, () => {
      for (const [index, line] of lines.entries()) {
        flow.ink.line(line, flow.left, baselineOf(line, top + index * type.leading, type));
      }
    });
    tag.end();
  });
}

const muted = (text: string): Span => ({
  kind: 'text',
  text,
  look: plainLook('regular', types.note.size, colors.muted),
});

async function setText(typesetter: Typesetter, spans: Span[], type: Type, parent: Tag): Promise<void> {
  await inTag(typesetter, parent, 'P', (tag) =>
    setLines(typesetter, breakLines(spans, typesetter.flow.width, type), { type, tag, progress: () => {} }),
  );
}

/** Sets a claim with all of its support. */
async function setProof(
  typesetter: Typesetter,
  { claim, number, inText, inAppendix }: NumberedClaim,
  parent: Tag,
): Promise<void> {
  const { flow } = typesetter;
  flow.gap(12);
  await flow.ensure(96);
  const { ink, left, width, y } = flow;
  ink.artifact(() => ink.rectangle(left, y, width, 0.6, colors.hairline));
  flow.advance(8);
  await inTag(typesetter, parent, 'Sect', async (section) => {
    setNumber(typesetter, section, number, inAppendix, { anchor: inText });
    await flow.indented(indent, async () => {
      const statement = plainLook('bold', types.body.size, colors.ink);
      await setText(
        typesetter,
        [{ kind: 'text', text: claim.statement, look: statement }],
        types.body,
        section,
      );
      flow.gap(3);
      const reasons = reasonsOf(claim).join(' ');
      const why = [standingSpan(claim.standing), muted(reasons === '' ? '' : `   ${reasons}`)];
      await setText(typesetter, why, types.note, section);
      for (const facts of [...factsOfMetric(claim), ...claim.evidence.map(factsOfEvidence)]) {
        flow.gap(7);
        await setFacts(typesetter, facts, section);
      }
    });
  });
}

function factsOfMetric({ metric }: PdfClaim): Fact[][] {
  if (metric === null) return [];
  const { name, key, unit, betterWhen, from, to, changedAt, before, after, difference } = metric;
  const better = betterWhen === 'up' ? 'higher' : 'lower';
  const inUnit = unit === '' ? '' : `, in ${unit}`;
  const averageOf = ({ value, count }: typeof after): Span[] => [
    factText(`${amountText(value, unit)}${value === null ? '' : `, average of ${plural(count, 'sample')}`}`),
  ];
  const facts: Fact[] = [
    ['Metric', [factTitle(name), factText(` (${key})${inUnit}; better when ${better}`)]],
    ['Range', [factText(`${timeText(from)} – ${timeText(to)}`)]],
  ];
  if (before === null || changedAt === null) return [[...facts, ['Measured', averageOf(after)]]];
  const change = changeText(metric);
  const sign = difference !== null && difference > 0 ? '+' : '';
  facts.push(
    ['Changed', [factText(timeText(changedAt))]],
    ['Before', averageOf(before)],
    ['After', averageOf(after)],
  );
  if (change !== null && difference !== null) {
    facts.push(['Change', [factText(`${sign}${numberText(difference)} ${unit}`.trimEnd() + `, ${change}`)]]);
  }
  return [facts];
}

const plural = (count: number, noun: string): string =>
  `${numberText(count)} ${noun}${count === 1 ? '' : 's'}`;

function factsOfEvidence(cited: PdfClaim['evidence'][number]): Fact[] {
  const { title, slug, seen, checkedAt } = cited;
  const facts: Fact[] = [
    ['Evidence', [factTitle(title), factText(` (${slug})`)]],
    ['Standing', [factText(evidenceText(cited))]],
    ['Version', [factText(versionText(cited))]],
  ];
  if (seen !== null) {
    const { sha256, fileName, contentType, sizeBytes } = seen;
    const file = `${fileName}, ${contentType}, ${plural(sizeBytes, 'byte')}`;
    facts.push(['SHA-256', [factCode(sha256)]], ['File', [factText(file)]]);
  }
  facts.push(['Source', [factOfSource(cited)]]);
  if (seen?.origin === 'source') facts.push(['Fetched', [factText(timeText(seen.fetchedAt))]]);
  if (checkedAt !== null) facts.push(['Checked', [factText(timeText(checkedAt))]]);
  return facts;
}

function factOfSource({ sourceUrl, seen }: PdfClaim['evidence'][number]): Span {
  if (sourceUrl !== null) return factLink(sourceUrl);
  if (seen === null) return factText('Uploaded');
  return factText(seen.origin === 'source' ? 'No longer given' : `Uploaded ${timeText(seen.fetchedAt)}`);
}
