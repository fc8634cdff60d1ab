import type { Heading } from 'mdast';
import type { OutlineItem } from 'pdfkit';

import { placeOfSlug } from '../blocks/inline.ts';
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

type Entry = {
  readonly title: string;
  readonly depth: Heading['depth'];
  /** Counted from 0, without the pages before the text. */
  readonly page: number;
  readonly destination: unknown[];
};

type LevelStyle = Type & {
  readonly indent: number;
  readonly gap: number;
  readonly bold: boolean;
  readonly color: Color;
};

/** How deep the contents go below their highest heading. The outline has all headings. */
const levels: readonly LevelStyle[] = [
  { size: 10.8, leading: 16, indent: 0, gap: 7, bold: true, color: colors.ink },
  { size: 10.2, leading: 15, indent: 14, gap: 2, bold: false, color: colors.ink },
  { size: 9.6, leading: 14, indent: 28, gap: 1, bold: false, color: colors.muted },
];

const numberWidth = 40;
const titleStyle = { size: 21, leading: 26 };
const titleHeight = 48;

type Item = {
  readonly entry: Entry;
  readonly style: LevelStyle;
  readonly lines: Line[];
  readonly height: number;
};

/** Headings as they are laid out: they become the outline, the table of contents, and places to link to. */
export class Contents {
  readonly #book: Book;
  readonly #pace: Pace;
  readonly #entries: Entry[] = [];
  readonly #path: { depth: number; item: OutlineItem }[] = [];
  readonly #slugs = new Map<string, number>();

  constructor(book: Book, pace: Pace) {
    this.#book = book;
    this.#pace = pace;
  }

  /** Takes a heading that is drawn on the current page, its top at `y`. */
  add(title: string, depth: Heading['depth'], y: number): void {
    const top = Math.max(0, y - 24);
    this.#addPlace(title, top);
    while ((this.#path.at(-1)?.depth ?? 0) >= depth) this.#path.pop();
    const item = this.#book.addOutline(title === '' ? '–' : title, top, this.#path.at(-1)?.item);
    this.#path.push({ depth, item });
    const destination = this.#book.destination(top);
    this.#entries.push({ title, depth, page: this.#book.pageCount - 1, destination });
  }

  /** The depth of the highest heading so far, 2 where there is none. */
  get highest(): Heading['depth'] {
    let highest: Heading['depth'] = 2;
    for (const [index, { depth }] of this.#entries.entries()) {
      if (index === 0 || depth < highest) highest = depth;
    }
    return highest;
  }

  /**
   * Draws the table of contents on pages of its own and returns their number, 0 where there are no headings.
   * `before` is the number of pages that come before them in the finished document.
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
    const { highest } = this;
    const pages: Item[][] = [];
    let y = Infinity;
    for (const entry of this.#entries) {
      const style = levels[entry.depth - highest];
      if (style === undefined) continue;
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

  #addPlace(title: string, y: number): void {
    const slug = title
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = this.#slugs.get(slug) ?? 0;
    this.#slugs.set(slug, count + 1);
    const place = placeOfSlug(count === 0 ? slug : `${slug}-${count}`);
    this.#book.addPlace(place, y);
  }
}

function drawTitle(ink: Ink): void {
  const look = plainLook('bold', titleStyle.size, colors.accent);
  const lines = allLines([{ kind: 'text', text: 'Contents', look }], paper.right - paper.left, titleStyle);
  for (const line of lines) ink.line(line, paper.left, paper.top + baselineIn(titleStyle));
}
