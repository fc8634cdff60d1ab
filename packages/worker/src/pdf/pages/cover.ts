import type { RootContent } from 'mdast';

import { setBlocks } from '../blocks/blocks.ts';
import type { PdfPortfolio } from '../document.ts';
import { Markdown } from '../markdown/markdown.ts';
import { Notes } from '../markdown/notes.ts';
import { standingSpans } from '../provenance/claims.ts';
import type { NumberedClaim } from '../provenance/claims.ts';
import { colors } from '../theme.ts';
import type { TitlePage } from './title-page.ts';

/** The cover of a portfolio's PDF: its profile, and the standing of its claims. */
export function coverOf(
  { name, tagline, description }: PdfPortfolio,
  { date, studies, claims }: { date: string; studies: number; claims: readonly NumberedClaim[] },
): TitlePage {
  return {
    over: 'Portfolio',
    title: name,
    summary: tagline,
    async more(typesetter, tag) {
      const { definitions, footnotes, blocks } = await readWhole(description, typesetter.pace);
      const inner = { ...typesetter, definitions, notes: new Notes(footnotes, 'cover'), scope: 'cover' };
      const type = { size: 10.6, leading: 16 };
      const style = { size: type.size, color: colors.ink };
      await setBlocks(inner, blocks, { tag, type, style, listDepth: 0, gap: 8, progress: () => {} });
    },
    facts: [
      ['Date', date],
      ['Case studies', String(studies)],
      ['Claims', standingSpans(claims)],
    ],
    tags: [],
  };
}

async function readWhole(markdown: string, pace: Parameters<typeof Markdown.open>[1]) {
  const opened = await Markdown.open(markdown, pace);
  const blocks: RootContent[] = [];
  for await (const { node } of opened.blocks(pace)) blocks.push(withoutHeading(node));
  return { definitions: opened.definitions, footnotes: opened.footnotes, blocks };
}

/** Headings of the description do not belong in the table of contents: they are set as bold text. */
function withoutHeading(node: RootContent): RootContent {
  if (node.type !== 'heading') return node;
  return { type: 'paragraph', children: [{ type: 'strong', children: node.children }] };
}
