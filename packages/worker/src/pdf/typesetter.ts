import type { RootContent } from 'mdast';

import type { Images } from './blocks/images.ts';
import type { TextStyle } from './blocks/inline.ts';
import type { Book } from './file/book.ts';
import type { Tag, TagOptions } from './file/structure.ts';
import type { Definitions } from './markdown/markdown.ts';
import type { Notes } from './markdown/notes.ts';
import type { Pace } from './pace.ts';
import type { Contents } from './pages/contents.ts';
import type { Flow } from './pages/flow.ts';
import { paper } from './theme.ts';
import type { Type } from './theme.ts';
import { baselineOf } from './type/text.ts';
import type { Line } from './type/text.ts';

/** The context that the blocks of a document share. */
export type Typesetter = {
  readonly book: Book;
  readonly flow: Flow;
  readonly pace: Pace;
  readonly images: Images;
  readonly notes: Notes;
  readonly definitions: Definitions;
  readonly contents: Contents;
  /** The prefix of the names of this text's destinations, which distinguishes them from other texts in the file. */
  readonly scope: string;
};

/** The properties that a block inherits from its parent block. */
export type Frame = {
  readonly tag: Tag;
  readonly type: Type;
  readonly style: TextStyle;
  readonly listDepth: number;
  /** The gap between blocks, in points. */
  readonly gap: number;
  /** Reports the fraction (0..1) of the block that is laid out. */
  readonly progress: (part: number) => void;
};

/** Sets blocks one after the other. */
export type SetBlocks = (
  typesetter: Typesetter,
  nodes: readonly RootContent[],
  frame: Frame,
) => Promise<void>;

const narrowest = 120;

/** An indent that leaves a readable column at any depth of nesting. */
export function indentWithin(width: number, indent: number): number {
  if (width - indent >= narrowest * 1.6) return indent;
  return Math.max(0, Math.min(indent / 5, width - narrowest));
}

/** Adds a structure element to an open one, and ends it after `setContent`. */
export async function inTag(
  typesetter: Typesetter,
  parent: Tag,
  type: string,
  setContent: (tag: Tag) => Promise<void>,
  options?: TagOptions,
): Promise<void> {
  const tag = typesetter.book.openTag(type, parent, options);
  await setContent(tag);
  tag.end();
}

export type Alignment = 'left' | 'right' | 'center';

/** The start of a line in a column. */
export function alignedX(line: Line, left: number, width: number, alignment: Alignment): number {
  const space = width - line.width;
  return left + (alignment === 'right' ? space : alignment === 'center' ? space / 2 : 0);
}

const heightOf = (lines: readonly Line[]): number => lines.reduce((sum, { height }) => sum + height, 0);

/**
 * Sets lines of running text on as many pages as needed; a paragraph is not split after its first line or before its
 * last.
 */
export async function setLines(
  { flow, pace }: Typesetter,
  lines: Iterator<Line>,
  { type, tag, progress }: Pick<Frame, 'type' | 'tag' | 'progress'>,
): Promise<void> {
  const waiting: Line[] = [];
  for (;;) {
    const complete = await fill(waiting, lines, pace);
    if (waiting.length === 0) return;
    await flow.ensure(heightOf(complete && waiting.length <= 3 ? waiting : waiting.slice(0, 2)));
    let count = fitting(waiting, flow.room);
    if (complete && waiting.length - count === 1 && count > 2) count -= 1;
    const set = waiting.splice(0, Math.max(1, count));
    flow.ink.tagged(tag, () => {
      let { y } = flow;
      for (const line of set) {
        flow.ink.line(line, flow.left, baselineOf(line, y, type));
        y += line.height;
      }
    });
    flow.advance(heightOf(set));
    progress(set.at(-1)?.done ?? 1);
    if (waiting.length > 0) await flow.turnPage();
  }
}

/** Reads lines for slightly more than a page; true when there are no more. */
async function fill(waiting: Line[], lines: Iterator<Line>, pace: Pace): Promise<boolean> {
  let height = heightOf(waiting);
  while (height < paper.bottom - paper.top + 60) {
    const { value, done } = lines.next();
    if (done === true) return true;
    waiting.push(value);
    height += value.height;
    if (pace.due) await pace.rest();
  }
  return false;
}

/** The number of lines that fit a height. */
export function fitting(lines: readonly Line[], height: number): number {
  let used = 0;
  let count = 0;
  for (const line of lines) {
    used += line.height;
    if (used > height + 0.01) break;
    count += 1;
  }
  return count;
}
