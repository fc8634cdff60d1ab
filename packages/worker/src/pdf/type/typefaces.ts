import { readFile } from 'node:fs/promises';

import { create } from 'fontkit';
import type { Font } from 'fontkit';

import { fontPath } from '../fonts.ts';
import type { FontName } from '../fonts.ts';
import { kerningOf } from './kerning.ts';
import { unpackWoff2 } from './woff2.ts';

/** A glyph of a face: its id in the font and its advance in thousandths of the type size. */
export type Glyph = { readonly id: number; readonly advance: number };

/** A font, opened once per process, with cached look-ups for measuring. */
export class Face {
  readonly name: FontName;
  readonly font: Font;
  readonly missing: Glyph;
  readonly #scale: number;
  readonly #kerning: ((left: number, right: number) => number) | undefined;
  readonly #glyphs = new Map<number, Glyph | undefined>();
  readonly #kerns = new Map<number, number>();

  constructor(name: FontName, font: Font) {
    this.name = name;
    this.font = font;
    this.#scale = 1000 / font.unitsPerEm;
    const kerned = name === 'regular' || name === 'italic' || name === 'bold' || name === 'boldItalic';
    this.#kerning = kerned ? kerningOf(font) : undefined;
    this.missing = { id: 0, advance: font.getGlyph(0).advanceWidth * this.#scale };
  }

  /** The glyph of a character; undefined if the font has none. */
  glyph(codePoint: number): Glyph | undefined {
    if (this.#glyphs.has(codePoint)) return this.#glyphs.get(codePoint);
    const found = this.font.glyphForCodePoint(codePoint);
    const glyph = found.id === 0 ? undefined : { id: found.id, advance: found.advanceWidth * this.#scale };
    this.#glyphs.set(codePoint, glyph);
    return glyph;
  }

  /** The kerning between two glyphs (often negative), in thousandths of the type size. */
  kern(left: Glyph, right: Glyph): number {
    if (this.#kerning === undefined) return 0;
    const pair = left.id * 0x10000 + right.id;
    let kern = this.#kerns.get(pair);
    if (kern === undefined) {
      kern = this.#kerning(left.id, right.id) * this.#scale;
      this.#kerns.set(pair, kern);
    }
    return kern;
  }
}

const opened = new Map<FontName, Face>();
const opening = new Map<FontName, Promise<Face>>();

async function open(name: FontName): Promise<Face> {
  const path = fontPath(name);
  const file = await readFile(path);
  const font = create(path.endsWith('.woff2') ? await unpackWoff2(file) : file);
  if (!('layout' in font)) throw new Error(`${path} is a collection of fonts: a single font is needed`);
  const opens = new Face(name, font);
  opened.set(name, opens);
  return opens;
}

function openOnce(name: FontName): Promise<Face> {
  let promise = opening.get(name);
  if (promise === undefined) {
    promise = open(name);
    opening.set(name, promise);
    promise.catch(() => opening.delete(name));
  }
  return promise;
}

// The ranges that the fonts cover in addition to Source Sans.
const hanScript = /[\u2e3a-\u33ff\u4e00-\u9fef\uf900-\ufa5e\ufe10-\ufe6b\uff01-\uffee]/;
const hangulScript = /[\u1100-\u11ff\u3131-\u318e\uac00-\ud7fb]/;

/** Opens the fonts that every document needs. Rejects if a font file is missing or damaged. */
export async function openTypefaces(): Promise<void> {
  const names: FontName[] = ['regular', 'italic', 'bold', 'boldItalic', 'mono', 'monoBold'];
  await Promise.all(names.map(openOnce));
}

/** Opens the large fonts of Chinese, Japanese and Korean if texts need them. */
export async function openTypefacesFor(...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    if (!opened.has('han') && hanScript.test(text)) await openOnce('han');
    if (!opened.has('hangul') && hangulScript.test(text)) await openOnce('hangul');
  }
}

/** A face that `openTypefaces` opened. */
export function face(name: FontName): Face {
  const found = opened.get(name);
  if (found === undefined) throw new Error(`font ${name} is used before it is opened`);
  return found;
}

const fallbacks: readonly FontName[] = ['regular', 'mono', 'han', 'hangul'];

/** The first open face that has a character, preferably the wanted one; undefined if there is none. */
export function faceWith(codePoint: number, wanted: FontName): Face | undefined {
  const first = opened.get(wanted);
  if (first?.glyph(codePoint) !== undefined) return first;
  for (const name of fallbacks) {
    const fallback = opened.get(name);
    if (fallback?.glyph(codePoint) !== undefined) return fallback;
  }
  return undefined;
}
