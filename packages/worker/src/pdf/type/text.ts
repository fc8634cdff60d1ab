import type { FontName } from '../fonts.ts';
import { baselineIn } from '../theme.ts';
import type { Color, Type } from '../theme.ts';
import type { Shaped } from './shaping.ts';

/** How text is drawn. Two spans look the same exactly if they share the object that `look` returned. */
export type Look = {
  readonly font: FontName;
  readonly size: number;
  readonly color: Color;
  /** Points above the baseline. */
  readonly rise: number;
  readonly strike: boolean;
  /** The background, such as the light tint of code; null for none. */
  readonly ground: Color | null;
};

/** The target of a link: a URL, or a named destination in this document. */
export type Link = { readonly url: string } | { readonly anchor: string };

/** Text with one look; a line feed in it ends the line. */
type TextSpan = {
  readonly kind: 'text';
  readonly text: string;
  readonly look: Look;
  readonly link?: Link | undefined;
  /** A name that links can lead to. */
  readonly anchor?: string | undefined;
};

/** An inline picture. */
type PictureSpan = {
  readonly kind: 'picture';
  readonly picture: Picture;
  readonly look: Look;
  readonly link?: Link | undefined;
};

export type Span = TextSpan | PictureSpan;

/** A part of a line, `x` points from the line's start. */
export type Piece = {
  readonly x: number;
  readonly width: number;
  readonly look: Look;
  readonly link: Link | undefined;
  readonly anchor: string | undefined;
  readonly content: Shaped | Picture;
};

export type Line = {
  readonly pieces: readonly Piece[];
  /** Without the spaces at its end. */
  readonly width: number;
  readonly height: number;
  /** The fraction of the text that is laid out at the end of this line, 0..1. */
  readonly done: number;
};

/** A picture with a size in points: an image of the document, or framed lines that describe the missing one. */
export type Picture = { readonly width: number; readonly height: number } & (
  | { readonly image: EmbeddedImage }
  | { readonly frame: readonly Line[] }
);

/** An image of the document: its name in content streams, and its orientation. */
export type EmbeddedImage = {
  readonly name: string;
  readonly object: object;
  /** EXIF orientation, 1 (upright) to 8. */
  readonly orientation: number;
};

const looks = new Map<string, Look>();

/** The shared object of a look. */
export function look(wanted: Look): Look {
  const { font, size, color, rise, strike, ground } = wanted;
  const key = `${font} ${size} ${color.join(' ')} ${rise} ${strike} ${ground?.join(' ')}`;
  let known = looks.get(key);
  if (known === undefined) {
    known = { font, size, color, rise, strike, ground };
    looks.set(key, known);
  }
  return known;
}

/** A look for plain text. */
export function plainLook(font: FontName, size: number, color: Color): Look {
  return look({ font, size, color, rise: 0, strike: false, ground: null });
}

/** The baseline of a line whose box starts at `y`; pictures are placed on it. */
export function baselineOf(line: Line, y: number, type: Type): number {
  return y + line.height - type.leading + baselineIn(type);
}
