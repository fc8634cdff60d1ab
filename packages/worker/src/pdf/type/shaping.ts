import type { FontName } from '../fonts.ts';
import { face, faceWith } from './typefaces.ts';
import type { Face, Glyph } from './typefaces.ts';

/** Consecutive glyphs of one font. `texts[i]` is the text of glyph i, `kerns[i]` the space added after it. */
export type GlyphRun = {
  readonly face: Face;
  /** Set with a stroked outline, for a font without a bold variant. */
  readonly embolden: boolean;
  readonly glyphs: number[];
  readonly texts: string[];
  readonly kerns: number[];
};

/** A shaped piece of text; widths are in thousandths of the type size. */
export type Shaped = {
  readonly runs: readonly GlyphRun[];
  readonly width: number;
  /** The width of trailing spaces. */
  readonly trailing: number;
};

const invisible = /\p{Default_Ignorable_Code_Point}/u;
const marks = /\p{M}/u;
const anySpace = /^\p{Z}$/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const cache = new Map<FontName, Map<string, Shaped>>();
const cachedWords = 20_000;
const cachedLength = 40;

/**
 * Shapes a word (with the spaces after it) in a font. Characters that the font lacks are taken from another font, or shown
 * as a box if no font has them. Caches words, since text repeats them.
 */
export function shape(text: string, font: FontName): Shaped {
  if (text.length > cachedLength) return shapeAnew(text, font);
  let words = cache.get(font);
  if (words === undefined || words.size > cachedWords) {
    words = new Map();
    cache.set(font, words);
  }
  let shaped = words.get(text);
  if (shaped === undefined) {
    shaped = shapeAnew(text, font);
    words.set(text, shaped);
  }
  return shaped;
}

function shapeAnew(text: string, font: FontName): Shaped {
  const row = new Row(font);
  const composed = marks.test(text) ? text.normalize('NFC') : text;
  if (!row.addAll(composed)) {
    row.clear();
    for (const { segment } of graphemes.segment(composed)) {
      if (!row.addAll(segment)) row.addMissing(segment);
    }
  }
  const spaces = text.length - text.replace(/ +$/, '').length;
  const trailing = spaces === 0 ? 0 : spaces * (face(font).glyph(32)?.advance ?? 0);
  return { runs: row.runs, width: row.width, trailing };
}

class Row {
  runs: GlyphRun[] = [];
  width = 0;
  readonly #font: FontName;
  readonly #bold: boolean;
  #previous: Glyph | undefined;

  constructor(font: FontName) {
    this.#font = font;
    this.#bold = font === 'bold' || font === 'boldItalic' || font === 'monoBold';
  }

  clear(): void {
    this.runs = [];
    this.width = 0;
  }

  /** Adds the characters of a text up to one that no font has; returns false in that case. */
  addAll(text: string): boolean {
    const before = {
      runs: this.runs.length,
      glyphs: this.runs.at(-1)?.glyphs.length ?? 0,
      width: this.width,
    };
    for (const character of text) {
      const codePoint = character.codePointAt(0) ?? 0;
      const found = faceWith(codePoint, this.#font);
      const glyph = found?.glyph(codePoint);
      if (found !== undefined && glyph !== undefined && !invisible.test(character)) {
        this.#add(found, glyph, character);
      } else if (anySpace.test(character)) {
        const own = face(this.#font);
        this.#add(own, own.glyph(32) ?? own.missing, character);
      } else if (!invisible.test(character)) {
        this.#rewind(before);
        return false;
      }
    }
    return true;
  }

  addMissing(text: string): void {
    const own = face(this.#font);
    this.#add(own, own.missing, text);
  }

  #rewind(to: { runs: number; glyphs: number; width: number }): void {
    this.runs.length = to.runs;
    const last = this.runs.at(-1);
    if (last !== undefined) {
      last.glyphs.length = last.texts.length = last.kerns.length = to.glyphs;
      last.kerns[to.glyphs - 1] = 0;
    }
    this.width = to.width;
    this.#previous = undefined;
  }

  #add(from: Face, glyph: Glyph, text: string): void {
    let run = this.runs.at(-1);
    if (run?.face !== from) {
      const embolden = this.#bold && (from.name === 'han' || from.name === 'hangul');
      run = { face: from, embolden, glyphs: [], texts: [], kerns: [] };
      this.runs.push(run);
    } else if (this.#previous !== undefined) {
      const kern = from.kern(this.#previous, glyph);
      if (kern !== 0) {
        run.kerns[run.kerns.length - 1] = kern;
        this.width += kern;
      }
    }
    run.glyphs.push(glyph.id);
    run.texts.push(text);
    run.kerns.push(0);
    this.width += glyph.advance;
    this.#previous = glyph;
  }
}
