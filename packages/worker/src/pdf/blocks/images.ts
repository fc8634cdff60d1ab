import type { Book, BookImage } from '../file/book.ts';
import { readPng } from '../file/png.ts';
import { framePadding } from '../pages/ink.ts';
import { colors, types } from '../theme.ts';
import { allLines } from '../type/lines.ts';
import { plainLook } from '../type/text.ts';
import type { Picture } from '../type/text.ts';
import { openTypefacesFor } from '../type/typefaces.ts';

const pointsPerPixel = 0.75;

/** The images of one document, each loaded and embedded once. */
export class Images {
  readonly #book: Book;
  readonly #fetch: (url: string) => Promise<Uint8Array | null>;
  readonly #loaded = new Map<string, Promise<BookImage | undefined>>();

  /** `fetch` resolves to an image's bytes, or to null if it is not available. If it rejects, so does the rendering. */
  constructor(book: Book, fetch: (url: string) => Promise<Uint8Array | null>) {
    this.#book = book;
    this.#fetch = fetch;
  }

  /**
   * A picture that fits `width` and `height` points: the image if it is available and can be decoded (PNG or JPEG), otherwise
   * a frame with its alternative text and URL.
   */
  async load(url: string, alt: string, width: number, height: number): Promise<Picture> {
    let loading = this.#loaded.get(url);
    if (loading === undefined) {
      loading = this.#fetch(url).then((bytes) =>
        bytes === null ? undefined : this.#embed(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
      );
      this.#loaded.set(url, loading);
    }
    const loaded = await loading;
    if (loaded === undefined) return await placeholder(url, alt, width, height);
    const natural = { width: loaded.width * pointsPerPixel, height: loaded.height * pointsPerPixel };
    const scale = Math.min(1, width / natural.width, height / natural.height);
    return { width: natural.width * scale, height: natural.height * scale, image: loaded.image };
  }

  async #embed(bytes: Buffer): Promise<BookImage | undefined> {
    try {
      return bytes[0] === 0xff ? this.#book.addJpeg(bytes) : this.#book.addPng(await readPng(bytes));
    } catch {
      // The image is damaged, or PDF does not support its kind: show the placeholder.
      return undefined;
    }
  }
}

async function placeholder(url: string, alt: string, width: number, maxHeight: number): Promise<Picture> {
  await openTypefacesFor(alt + url);
  const { size } = types.caption;
  const text = alt === '' ? 'Image not available' : `Image not available: ${alt}`;
  const inner = Math.max(20, width - 2 * framePadding);
  const frame = allLines(
    [
      { kind: 'text', text: `${elided(text)}\n`, look: plainLook('regular', size, colors.muted) },
      { kind: 'text', text: elided(url), look: plainLook('mono', size * 0.84, colors.faint) },
    ],
    inner,
    types.caption,
  );
  frame.splice(Math.floor((maxHeight - 2 * framePadding) / types.caption.leading));
  const height = frame.reduce((sum, line) => sum + line.height, 2 * framePadding);
  return { width, height, frame };
}

function elided(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
