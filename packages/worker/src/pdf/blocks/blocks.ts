import type { Blockquote, Heading, Paragraph, RootContent } from 'mdast';

import { colors, headingStyle } from '../theme.ts';
import { allLines, breakLines } from '../type/lines.ts';
import { baselineOf } from '../type/text.ts';
import { indentWithin, inTag, setLines } from '../typesetter.ts';
import type { Frame, Typesetter } from '../typesetter.ts';
import { setCode } from './code.ts';
import { setFigure, soleImage } from './figure.ts';
import { inlineSpans, plainText } from './inline.ts';
import { setList } from './list.ts';
import { setTable } from './table.ts';

const quoteIndent = 16;
/** A heading taller than this may be separated from the block after it. */
const tallestKept = 300;

/** Sets a block of Markdown; `continues` if it continues the list or table before it. */
export async function setBlock(
  typesetter: Typesetter,
  node: RootContent,
  frame: Frame,
  continues = false,
): Promise<void> {
  const { pace } = typesetter;
  if (pace.due) await pace.rest();
  switch (node.type) {
    case 'paragraph':
      await setParagraph(typesetter, node, frame);
      break;
    case 'heading':
      await setHeading(typesetter, node, frame);
      break;
    case 'blockquote':
      await setQuote(typesetter, node, frame);
      break;
    case 'list':
      await setList(typesetter, node, frame, continues, setBlocks);
      break;
    case 'table':
      await setTable(typesetter, node, frame, continues);
      break;
    case 'code': {
      const label = [node.lang, node.meta].filter((part) => part).join(' ');
      await setCode(typesetter, node.value, label, frame);
      break;
    }
    case 'html':
      // Raw HTML is shown as source: it is neither interpreted nor dropped.
      await setCode(typesetter, node.value, '', frame);
      break;
    case 'thematicBreak':
      await setRule(typesetter, frame);
      break;
    case 'definition':
    case 'footnoteDefinition':
      // Definitions print nothing: links contain their address, and notes are at the end.
      break;
    default:
      // Inline content, rows and items are always inside of a block: the parser returns none here.
      break;
  }
}

/** Sets the blocks inside of another block. */
export async function setBlocks(
  typesetter: Typesetter,
  nodes: readonly RootContent[],
  frame: Frame,
): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    const progress = (part: number): void => frame.progress((index + part) / nodes.length);
    await setBlock(typesetter, node, { ...frame, progress });
    typesetter.flow.gap(frame.gap);
  }
}

async function setParagraph(typesetter: Typesetter, node: Paragraph, frame: Frame): Promise<void> {
  const { flow } = typesetter;
  const image = soleImage(node);
  if (image !== undefined) {
    await setFigure(typesetter, image, frame);
    return;
  }
  const spans = await inlineSpans(node.children, frame.style, { ...typesetter, pictureWidth: flow.width });
  await inTag(typesetter, frame.tag, 'P', (tag) =>
    setLines(typesetter, breakLines(spans, flow.width, frame.type), { ...frame, tag }),
  );
  flow.gap(frame.gap);
}

async function setQuote(typesetter: Typesetter, node: Blockquote, frame: Frame): Promise<void> {
  const { flow } = typesetter;
  const indent = indentWithin(flow.width, quoteIndent);
  flow.gap(frame.gap + 3);
  await inTag(typesetter, frame.tag, 'BlockQuote', (tag) => {
    const inner = { ...frame, tag, style: { ...frame.style, color: colors.muted } };
    return flow.barred(() => flow.indented(indent, () => setBlocks(typesetter, node.children, inner)));
  });
  flow.gap(frame.gap + 3);
}

async function setHeading(typesetter: Typesetter, node: Heading, frame: Frame): Promise<void> {
  const { flow, book, contents } = typesetter;
  const style = headingStyle(node.depth);
  const context = { ...typesetter, pictureWidth: flow.width };
  const spans = await inlineSpans(node.children, { ...style, bold: true }, context);
  const lines = allLines(spans, flow.width, style);
  const title = plainText(node.children);
  const tag = book.openTag(`H${node.depth}`, frame.tag);
  flow.gap(style.before);
  const height = lines.reduce((sum, line) => sum + line.height, 0);
  if (height > tallestKept) {
    await flow.ensure(height / lines.length);
    contents.add(title, node.depth, flow.y);
    await setLines(typesetter, lines.values(), { ...frame, type: style, tag });
    tag.end();
  } else {
    const { left } = flow;
    await flow.keep(height, (top) => {
      contents.add(title, node.depth, top);
      let y = top;
      flow.ink.tagged(tag, () => {
        for (const line of lines) {
          flow.ink.line(line, left, baselineOf(line, y, style));
          y += line.height;
        }
      });
      tag.end();
    });
  }
  flow.gap(style.after);
}

async function setRule({ flow }: Typesetter, frame: Frame): Promise<void> {
  flow.gap(frame.gap + 8);
  await flow.ensure(1);
  const { ink, left, width, y } = flow;
  ink.artifact(() => ink.rectangle(left + width / 2 - 36, y, 72, 0.8, colors.faint));
  flow.advance(1);
  flow.gap(frame.gap + 8);
}
