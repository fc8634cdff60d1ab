import type { EmbeddedFont, Page } from 'pdfkit';

import type { Pace } from '../pace.ts';
import type { GlyphRun } from '../type/shaping.ts';
import type { Face } from '../type/typefaces.ts';

/** A font of the file. Each text that a glyph represents gets its own code, so that text can be extracted. */
export class BookFont {
  readonly #font: EmbeddedFont;
  readonly #face: Face;
  readonly #codes = new Map<string, string>();
  readonly #shown = new WeakMap<GlyphRun, string>();

  constructor(font: EmbeddedFont, drawn: Face) {
    this.#font = font;
    this.#face = drawn;
  }

  get id(): string {
    return this.#font.id;
  }

  /** Adds the font to the resources of a page. */
  register(page: Pick<Page, 'fonts'>): void {
    page.fonts[this.#font.id] ??= this.#font.ref();
  }

  /** The elements of a TJ operator's array that show a run. */
  show(run: GlyphRun): string {
    let shown = this.#shown.get(run);
    if (shown === undefined) {
      shown = '<';
      for (const [index, glyph] of run.glyphs.entries()) {
        shown += this.#code(glyph, run.texts[index] ?? '');
        const kern = run.kerns[index] ?? 0;
        if (kern !== 0) shown += `>${-kern}<`;
      }
      shown += '>';
      this.#shown.set(run, shown);
    }
    return shown;
  }

  /** Reads the outlines in steps, writes the font, and frees the outlines: a Chinese font has many. */
  async finalize(pace: Pace): Promise<void> {
    const { font } = this.#face;
    for (const glyph of this.#font.subset.glyphs) {
      if (font.getGlyph(glyph).path.commands.length > 0 && pace.due) await pace.rest();
    }
    this.#font.finalize();
    font['_glyphs'] = {};
    if (pace.due) await pace.rest();
  }

  #code(glyph: number, text: string): string {
    const key = `${glyph} ${text}`;
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const { subset, unicode, widths } = this.#font;
    if (subset.glyphs.length > 0xffff) return '0000';
    const id = subset.glyphs.push(glyph) - 1;
    subset.mapping[glyph] ??= id;
    unicode[id] = Array.from(text, (character) => character.codePointAt(0) ?? 0xfffd);
    widths[id] = (this.#face.font.getGlyph(glyph).advanceWidth * 1000) / this.#face.font.unitsPerEm;
    const code = id.toString(16).padStart(4, '0');
    this.#codes.set(key, code);
    return code;
  }
}
