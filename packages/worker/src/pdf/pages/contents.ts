import type { Heading } from 'mdast';
import type { OutlineItem } from 'pdfkit';

import { anchorOfSlug } from '../blocks/inline.ts';
import type { Book } from '../file/book.ts';
import type { Tag } from '../file/structure.ts';
import type { Pace } from '../pace.ts';
import { baselineIn, colors, paper } from '../theme.ts';
import type { Color, Type } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { baselineOf, plainLook } from '../type/text.ts';
import type { Line } from '../type/text.ts';
import { openTypefacesFor } from '../type/typefaces.ts';
import { Ink } from './ink.ts';

/** A part of the text: the depth of its highest heading, 7 if there is none yet. */
type Group = { highest: number; readonly base: number };

type Entry = {
  readonly title: string;
  /** The depth of a Markdown heading; undefined for other entries. */
  readonly depth: Heading['depth'] | undefined;
  readonly group: Group;
  /** Zero-based, without the pages before the text. */
  readonly page: number;
  readonly destination: unknown[];
};

type LevelStyle = Type & {
  readonly indent: number;
  readonly gap: number;
  readonly bold: boolean;
  readonly color: Color;
};

/** The looks of the levels of the contents. Deeper headings are in the outline only. */
const levels: readonly LevelStyle[] = [
  { size: 10.8, leading: 16, indent: 0, gap: 7, bold: true, color: colors.ink },
  { size: 10.2, leading: 15, indent: 14, gap: 2, bold: false, color: colors.ink },
  { size: 9.6, leading: 14, indent: 28, gap: 1, bold: false, color: colors.muted },
];

/** With more entries than this, the contents of many parts list only the parts. */
const mostEntries = 120;
const numberWidth = 40;
const titleStyle = { size: 21, leading: 26 };
const titleHeight = 48;

type Item = {
  readonly entry: Entry;
  readonly style: LevelStyle;
  readonly lines: Line[];
  readonly height: number;
};

/** Collects headings as they are laid out: for the outline, the table of contents, and link destinations. */
export class Contents {
  readonly #book: Book;
  readonly #pace: Pace;
  readonly #entries: Entry[] = [];
  readonly #path: { depth: number; item: OutlineItem }[] = [];
  readonly #slugs = new Map<string, number>();
  #group: Group = { highest: 7, base: 0 };
  #part: OutlineItem | undefined;
  #scope = '';

  constructor(book: Book, pace: Pace) {
    this.#book = book;
    this.#pace = pace;
  }

  /**
   * Begins a part of a book with many parts; the top of its title is at `y` of the current page. `scope` is the prefix of
   * the names of its destinations.
   */
  startPart(title: string, y: number, scope: string): void {
    this.#part = undefined;
    this.#group = { highest: 7, base: 0 };
    this.#part = this.addSection(title, y);
    this.#group = { highest: 7, base: 1 };
    this.#slugs.clear();
    this.#scope = scope;
  }

  /** Adds a title that is not a heading of the text. */
  addSection(title: string, y: number): OutlineItem {
    this.#path.length = 0;
    return this.#addEntry(title, undefined, Math.max(0, y - 24), this.#part);
  }

  /** Adds a heading of the current page, with its top at `y`. */
  add(title: string, depth: Heading['depth'], y: number): void {
    const top = Math.max(0, y - 24);
    this.#addAnchor(title, top);
    while ((this.#path.at(-1)?.depth ?? 0) >= depth) this.#path.pop();
    const item = this.#addEntry(title, depth, top, this.#path.at(-1)?.item ?? this.#part);
    this.#path.push({ depth, item });
    this.#group.highest = Math.min(this.#group.highest, depth);
  }

  #addEntry(title: string, depth: Entry['depth'], top: number, parent: OutlineItem | undefined): OutlineItem {
    const destination = this.#book.destination(top);
    this.#entries.push({ title, depth, group: this.#group, page: this.#book.pageCount - 1, destination });
    return this.#book.addOutline(title === '' ? '–' : title, top, parent);
  }

  /** The depth of the highest heading of this part so far, 2 if there is none. */
  get highest(): Heading['depth'] {
    const { highest } = this.#group;
    return this.#entries.findLast(({ depth }) => depth === highest)?.depth ?? 2;
  }

  /**
   * Draws the table of contents on new pages and returns their number, 0 if there are no headings.
   * `before` is the number of pages before them in the finished document.
   */
  async draw(before: number, tag: Tag, pageStarted: (ink: Ink) => void): Promise<number> {
    const pages = await this.#paginate();
    for (const [index, items] of pages.entries()) {
      const ink = new Ink(this.#book, await this.#book.addPage());
      pageStarted(ink);
      let y = paper.top;
      if (index === 0) {
        ink.tagged(tag, () => drawTitle(ink));
        y += titleHeight;
      }
      for (const item of items) {
        y += item.style.gap;
        this.#drawItem(ink, tag, item, y, before + pages.length + item.entry.page + 1);
        y += item.height;
      }
      ink.finish();
      if (this.#pace.due) await this.#pace.rest();
    }
    return pages.length;
  }

  async #paginate(): Promise<Item[][]> {
    const deepest = this.#deepestShown();
    const pages: Item[][] = [];
    let y = Infinity;
    for (const entry of this.#entries) {
      const level = levelOf(entry);
      const style = levels[level];
      if (style === undefined || level > deepest) continue;
      if (this.#pace.due) await this.#pace.rest();
      await openTypefacesFor(entry.title);
      const look = plainLook(style.bold ? 'bold' : 'regular', style.size, style.color);
      const width = paper.right - paper.left - style.indent - numberWidth;
      const lines = allLines([{ kind: 'text', text: entry.title, look }], width, style).slice(0, 12);
      const height = Math.max(1, lines.length) * style.leading;
      if (y + style.gap + height > paper.bottom) {
        y = paper.top + (pages.length === 0 ? titleHeight : 0);
        pages.push([]);
      }
      pages.at(-1)?.push({ entry, style, lines, height });
      y += style.gap + height;
    }
    return pages;
  }

  #deepestShown(): number {
    if (this.#part === undefined) return levels.length - 1;
    const count = this.#entries.filter((entry) => levelOf(entry) <= 1).length;
    return count <= mostEntries ? 1 : 0;
  }

  #drawItem(ink: Ink, tag: Tag, { entry, style, lines, height }: Item, y: number, page: number): void {
    const left = paper.left + style.indent;
    const look = plainLook(style.bold ? 'bold' : 'regular', style.size, style.color);
    const [number] = allLines([{ kind: 'text', text: String(page), look }], numberWidth, style);
    const lastBaseline = y + height - style.leading + baselineIn(style);
    const itemTag = this.#book.openTag('TOCI', tag);
    ink.tagged(itemTag, () => {
      for (const [index, line] of lines.entries())
        ink.line(line, left, baselineOf(line, y + index * style.leading, style));
      if (number !== undefined) ink.line(number, paper.right - number.width, lastBaseline);
    });
    itemTag.end();
    const from = left + (lines.at(-1)?.width ?? 0) + 8;
    const to = paper.right - (number?.width ?? 0) - 8;
    if (to > from) ink.artifact(() => ink.dots(from, to, lastBaseline - 0.5, colors.faint));
    this.#book.addLink({ x: left, y, width: paper.right - left, height }, entry);
  }

  #addAnchor(title: string, y: number): void {
    const slug = title
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = this.#slugs.get(slug) ?? 0;
    this.#slugs.set(slug, count + 1);
    const anchor = anchorOfSlug(count === 0 ? slug : `${slug}-${count}`);
    this.#book.addAnchor(this.#scope + anchor, y);
  }
}

function levelOf({ depth, group }: Entry): number {
  return group.base + (depth === undefined ? 0 : depth - group.highest);
}

function drawTitle(ink: Ink): void {
  const look = plainLook('bold', titleStyle.size, colors.accent);
  const lines = allLines([{ kind: 'text', text: 'Contents', look }], paper.right - paper.left, titleStyle);
  for (const line of lines) ink.line(line, paper.left, paper.top + baselineIn(titleStyle));
}
