import type { Book, BookPage } from '../file/book.ts';
import type { Tag } from '../file/structure.ts';
import { colors } from '../theme.ts';
import type { Color } from '../theme.ts';
import type { GlyphRun } from '../type/shaping.ts';
import type { Line, Link, Look, Picture, Piece } from '../type/text.ts';

const round = (value: number): number => Math.round(value * 100) / 100;

/**
 * Draws on one page. Coordinates are points from the page's top left corner. Operators are collected and
 * written together, since each call of pdfkit is expensive.
 */
export class Ink {
  readonly #book: Book;
  readonly #page: BookPage;
  #operators: string[] = [];
  #font = '';
  #fill = '';
  #rise = 0;

  constructor(book: Book, page: BookPage) {
    this.#book = book;
    this.#page = page;
  }

  /** Writes the drawing to the page. */
  finish(): void {
    this.#page.content.write(this.#operators.join('\n'));
    this.#operators = [];
  }

  /** Draws a line of text with its links, its baseline at `y`. */
  line(line: Line, x: number, y: number): void {
    for (const [index, piece] of line.pieces.entries()) this.#ground(piece, line.pieces[index + 1], x, y);
    let open = false;
    for (const piece of line.pieces) {
      if ('runs' in piece.content) {
        if (!open) this.#operators.push(`BT 1 0 0 -1 ${round(x + piece.x)} ${round(y)} Tm`);
        open = true;
        this.#show(piece.content.runs, piece.look);
      } else {
        if (open) this.#endText();
        open = false;
        this.picture(piece.content, x + piece.x, y - piece.content.height);
      }
    }
    if (open) this.#endText();
    for (const piece of line.pieces) this.#over(piece, x, y);
    this.#links(line.pieces, x, y);
  }

  rectangle(x: number, y: number, width: number, height: number, color: Color): void {
    this.#setFill(color);
    this.#operators.push(`${round(x)} ${round(y)} ${round(width)} ${round(height)} re f`);
  }

  /** A line through points, `width` points wide; dashes are the alternating lengths of strokes and gaps. */
  polyline(points: readonly Point[], width: number, color: Color, dashes: readonly number[] = []): void {
    const pen = `q ${round(width)} w 1 J 1 j [${dashes.join(' ')}] 0 d ${color.map(round).join(' ')} RG`;
    this.#operators.push(`${pen} ${pathOf(points)} S Q`);
  }

  /** Fills the area within points. */
  polygon(points: readonly Point[], color: Color): void {
    this.#setFill(color);
    this.#operators.push(`${pathOf(points)} h f`);
  }

  /** A dotted rule of round points. */
  dots(from: number, to: number, y: number, color: Color): void {
    const dots = `q 0.8 w 1 J [0 4] 0 d ${color.map(round).join(' ')} RG`;
    this.#operators.push(`${dots} ${round(from)} ${round(y)} m ${round(to)} ${round(y)} l S Q`);
  }

  /** A small hook before a continued line. */
  hook(x: number, y: number, color: Color): void {
    const stroke = `q 0.7 w ${color.map(round).join(' ')} RG`;
    const path = `${round(x)} ${round(y)} m ${round(x)} ${round(y + 3.4)} l ${round(x + 6)} ${round(y + 3.4)} l S Q`;
    this.#operators.push(`${stroke} ${path}`);
  }

  picture(picture: Picture, x: number, y: number): void {
    const { width, height } = picture;
    if ('frame' in picture) {
      this.#frame(picture.frame, x, y, width, height);
      return;
    }
    const { name, object, orientation } = picture.image;
    this.#page.xobjects[name] = object;
    const turned = turn(orientation, width, height);
    this.#operators.push(
      `q 1 0 0 1 ${round(x)} ${round(y)} cm ${turned.map(round).join(' ')} cm /${name} Do Q`,
    );
  }

  /** Draws content that belongs to a structure element. */
  tagged(tag: Tag, draw: () => void): void {
    this.#operators.push(tag.mark(this.#page.marks));
    draw();
    this.#operators.push('EMC');
  }

  /** Draws what is not content: rules, backgrounds, running heads, repeated headers. */
  artifact(draw: () => void): void {
    this.#operators.push('/Artifact BMC');
    draw();
    this.#operators.push('EMC');
  }

  #frame(lines: readonly Line[], x: number, y: number, width: number, height: number): void {
    const [red, green, blue] = colors.hairline.map(round);
    const box = `${round(x)} ${round(y)} ${round(width)} ${round(height)} re`;
    this.#operators.push(`q 0.8 w ${red} ${green} ${blue} RG ${box} S Q`);
    let baseline = y + framePadding;
    for (const line of lines) {
      this.line(line, x + framePadding, baseline + line.height * 0.72);
      baseline += line.height;
    }
  }

  #ground({ look, x: from, width, content }: Piece, next: Piece | undefined, x: number, y: number): void {
    const { size, ground } = look;
    if (ground === null || !('runs' in content)) return;
    const goesOn = next?.look === look;
    const shown = goesOn ? width : width - (content.trailing * size) / 1000 + 1.5;
    this.rectangle(x + from - 1.5, y - size * 0.92, shown + 1.5, size * 1.24, ground);
  }

  #over({ look, x: from, width, content, anchor }: Piece, x: number, y: number): void {
    const { size, rise } = look;
    const trailing = 'runs' in content ? (content.trailing * size) / 1000 : 0;
    if (look.strike) this.rectangle(x + from, y - size * 0.27, width - trailing, size * 0.06, look.color);
    if (anchor !== undefined) this.#book.addAnchor(anchor, Math.max(0, y - rise - size - 20));
  }

  /** Adjacent pieces of one link become one clickable area. */
  #links(pieces: readonly Piece[], x: number, y: number): void {
    let area: { link: Link; from: number; to: number; top: number } | undefined;
    const add = (): void => {
      if (area === undefined) return;
      const { link, from, to, top } = area;
      this.#book.addLink({ x: x + from, y: top, width: to - from, height: y - top + 3 }, link);
    };
    for (const { link, look, content, x: from, width } of pieces) {
      const trailing = 'runs' in content ? (content.trailing * look.size) / 1000 : 0;
      const top = y - ('runs' in content ? look.rise + look.size * 0.85 : content.height);
      if (link === undefined || link !== area?.link) {
        add();
        area = link === undefined ? undefined : { link, from, to: from, top };
      }
      if (area !== undefined) area = { ...area, to: from + width - trailing, top: Math.min(area.top, top) };
    }
    add();
  }

  #show(runs: readonly GlyphRun[], look: Look): void {
    this.#setFill(look.color);
    for (const run of runs) {
      const font = this.#book.font(run.face);
      font.register(this.#page);
      const setting = `/${font.id} ${round(look.size)} Tf`;
      let operators = setting === this.#font ? '' : `${setting} `;
      this.#font = setting;
      if (look.rise !== this.#rise) operators += `${round(look.rise)} Ts `;
      this.#rise = look.rise;
      const show = `[${font.show(run)}] TJ`;
      if (run.embolden) {
        const stroke = `2 Tr ${round(look.size * 0.035)} w ${look.color.map(round).join(' ')} RG`;
        this.#operators.push(`${operators}${stroke} ${show} 0 Tr`);
      } else {
        this.#operators.push(operators + show);
      }
    }
  }

  #endText(): void {
    this.#operators.push(this.#rise === 0 ? 'ET' : '0 Ts ET');
    this.#rise = 0;
  }

  #setFill(color: Color): void {
    const fill = fillOf(color);
    if (fill !== this.#fill) this.#operators.push(fill);
    this.#fill = fill;
  }
}

/** A position on the page, in points from its top left corner. */
export type Point = readonly [x: number, y: number];

function pathOf(points: readonly Point[]): string {
  return points.map(([x, y], index) => `${round(x)} ${round(y)} ${index === 0 ? 'm' : 'l'}`).join(' ');
}

export const framePadding = 10;

const fills = new WeakMap<Color, string>();

function fillOf(color: Color): string {
  let fill = fills.get(color);
  if (fill === undefined) {
    fill = `${color.map(round).join(' ')} rg`;
    fills.set(color, fill);
  }
  return fill;
}

// The transformation that draws the unit square of an image at a size, for each EXIF orientation.
function turn(orientation: number, width: number, height: number): readonly number[] {
  const turns: Record<number, readonly number[]> = {
    2: [-width, 0, 0, -height, width, height],
    3: [-width, 0, 0, height, width, 0],
    4: [width, 0, 0, height, 0, 0],
    5: [0, height, -width, 0, width, 0],
    6: [0, height, width, 0, 0, 0],
    7: [0, -height, width, 0, 0, height],
    8: [0, -height, -width, 0, width, height],
  };
  return turns[orientation] ?? [width, 0, 0, -height, 0, height];
}
