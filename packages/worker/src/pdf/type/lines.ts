import LineBreaker from 'linebreak';

import type { Type } from '../theme.ts';
import { shape } from './shaping.ts';
import type { Line, Piece, Span } from './text.ts';

/** Represents a picture in the text that is searched for break opportunities. */
const pictureMark = '\ufffc';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Breaks spans into lines no wider than `width` points, at the opportunities of Unicode's rules (UAX #14);
 * a word wider than a line is broken between letters. Lazy: a long text is laid out as its lines are consumed.
 */
export function* breakLines(spans: readonly Span[], width: number, type: Type): Generator<Line> {
  const text = spans.map((span) => (span.kind === 'text' ? span.text : pictureMark)).join('');
  const breaker = new LineBreaker(text);
  const builder = new LineBuilder(width, type);
  const cursor = new SpanCursor(spans);
  let from = 0;
  for (let next = breaker.nextBreak(); next !== null; next = breaker.nextBreak()) {
    const pieces = cursor.take(next.position - from);
    from = next.position;
    if (builder.fits(pieces)) {
      builder.add(pieces);
    } else {
      if (!builder.empty) yield builder.end(from / text.length);
      if (builder.fits(pieces)) {
        builder.add(pieces);
      } else {
        for (const letter of lettersOf(pieces)) {
          if (!builder.empty && !builder.fits([letter])) yield builder.end(from / text.length);
          builder.add([letter]);
        }
      }
    }
    if (next.required && (from < text.length || text.endsWith('\n'))) yield builder.end(from / text.length);
  }
  if (!builder.empty) yield builder.end(1);
}

/** All lines, for texts known to be short. */
export function allLines(spans: readonly Span[], width: number, type: Type): Line[] {
  return [...breakLines(spans, width, type)];
}

type Part = Omit<Piece, 'x'> & { readonly text: string };

function part(span: Span, text: string, anchor: string | undefined): Part {
  const { look, link } = span;
  if (span.kind === 'picture') {
    return { text, width: span.picture.width, look, link, anchor, content: span.picture };
  }
  const content = shape(text, look.font);
  return { text, width: (content.width * look.size) / 1000, look, link, anchor, content };
}

/** Splits parts into letters, for words that are wider than a line. */
function* lettersOf(parts: readonly Part[]): Generator<Part> {
  for (const { text, look, link, anchor, content } of parts) {
    if (!('runs' in content)) {
      yield { text, width: content.width, look, link, anchor, content };
      continue;
    }
    let first = anchor;
    for (const { segment } of graphemes.segment(text)) {
      yield part({ kind: 'text', text: segment, look, link }, segment, first);
      first = undefined;
    }
  }
}

/** Returns the spans of a text as parts of the requested length. */
class SpanCursor {
  readonly #spans: readonly Span[];
  #index = 0;
  #offset = 0;

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  take(length: number): Part[] {
    const parts: Part[] = [];
    let left = length;
    while (left > 0) {
      const span = this.#spans[this.#index];
      if (span === undefined) break;
      const whole = span.kind === 'text' ? span.text : pictureMark;
      const text = whole.slice(this.#offset, this.#offset + left);
      const shown = text.replace(/[\n\u2028\u2029]/g, '');
      const anchor = this.#offset === 0 && span.kind === 'text' ? span.anchor : undefined;
      if (shown !== '') parts.push(part(span, shown, anchor));
      left -= text.length;
      this.#offset += text.length;
      if (this.#offset === whole.length) {
        this.#index += 1;
        this.#offset = 0;
      }
    }
    return parts;
  }
}

class LineBuilder {
  readonly #width: number;
  readonly #type: Type;
  #pieces: Piece[] = [];
  #end = 0;
  #trailing = 0;
  #height: number;

  constructor(width: number, type: Type) {
    this.#width = width;
    this.#type = type;
    this.#height = type.leading;
  }

  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  fits(parts: readonly Part[]): boolean {
    let width = this.#end;
    for (const { width: partWidth } of parts) width += partWidth;
    const last = parts.at(-1);
    if (last !== undefined) width -= trailingOf(last);
    return width <= this.#width + 0.01;
  }

  add(parts: readonly Part[]): void {
    for (const { text: _, ...piece } of parts) {
      this.#pieces.push({ ...piece, x: this.#end });
      this.#end += piece.width;
      this.#trailing = trailingOf(piece);
      if (!('runs' in piece.content)) this.#height = Math.max(this.#height, piece.content.height + 6);
    }
  }

  end(done: number): Line {
    const line = { pieces: this.#pieces, width: this.#end - this.#trailing, height: this.#height, done };
    this.#pieces = [];
    this.#end = 0;
    this.#trailing = 0;
    this.#height = this.#type.leading;
    return line;
  }
}

function trailingOf({ content, look }: Pick<Piece, 'content' | 'look'>): number {
  return 'runs' in content ? (content.trailing * look.size) / 1000 : 0;
}
