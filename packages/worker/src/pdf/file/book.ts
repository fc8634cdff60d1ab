import type { OutlineItem, Page, Reference } from 'pdfkit';

import type { Pace } from '../pace.ts';
import { paper } from '../theme.ts';
import type { EmbeddedImage, Link } from '../type/text.ts';
import { face } from '../type/typefaces.ts';
import type { Face } from '../type/typefaces.ts';
import { BookFont } from './book-font.ts';
import type { Output } from './output.ts';
import { PdfFile } from './pdfkit.ts';
import type { PngImage } from './png.ts';
import { Structure } from './structure.ts';
import type { PageMarks, Tag, TagOptions } from './structure.ts';

/** The current page and its marked content. */
export type BookPage = Pick<Page, 'content' | 'fonts' | 'xobjects'> & { readonly marks: PageMarks };

/** An image in the file and its size in pixels, upright. */
export type BookImage = { readonly width: number; readonly height: number; readonly image: EmbeddedImage };

export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

export type BookInfo = {
  readonly title: string;
  readonly author: string;
  readonly subject: string;
  readonly keywords: string;
  readonly language: string;
  readonly created: Date;
};

/**
 * The PDF file: its pages, fonts, outline and destinations, written to a stream as they are finished. Pages may be
 * written in any order: `moveLast` moves them into place.
 */
export class Book {
  readonly #pdf: PdfFile;
  readonly #structure: Structure;
  readonly #output: Output;
  readonly #pace: Pace;
  readonly #fonts = new Map<Face, BookFont>();
  readonly #footers: Reference[] = [];
  #waiting: Uint8Array[] = [];
  #pngCount = 0;
  #marks: PageMarks | undefined;

  constructor(info: BookInfo, output: Output, pace: Pace) {
    const { title, author, subject, keywords, language, created } = info;
    this.#pdf = new PdfFile({
      info: {
        Title: title,
        Author: author,
        Subject: subject,
        Keywords: keywords,
        Creator: 'Portfolio API platform',
        CreationDate: created,
        ModDate: created,
      },
      lang: language,
      size: [paper.width, paper.height],
    });
    this.#structure = new Structure(this.#pdf.structureRoot, this.#pdf.ref());
    this.#output = output;
    this.#pace = pace;
    this.#pdf.on('data', (chunk: Uint8Array) => this.#waiting.push(chunk));
  }

  get pageCount(): number {
    return this.#footers.length;
  }

  /** Starts a page; the previous one is complete and is written. */
  async addPage(): Promise<BookPage> {
    this.#pdf.addPage();
    const finished = this.#finishStructure();
    // The page is written, so its content can be freed.
    if (finished !== undefined) finished.data = {};
    const { page } = this.#pdf;
    const { dictionary } = page;
    const footer = this.#pdf.ref();
    dictionary.data['Contents'] = [page.content, footer];
    dictionary.data['StructParents'] = this.pageCount;
    this.#footers.push(footer);
    this.#marks = { page: dictionary, owners: [] };
    this.font(face('regular')).register(page);
    await this.#flush();
    return Object.assign(page, { marks: this.#marks });
  }

  /** Moves the last pages to an earlier position. */
  moveLast(count: number, to: number): void {
    for (const list of [this.#pdf.pages, this.#footers]) {
      list.splice(to, 0, ...list.splice(list.length - count));
    }
  }

  /** Writes the footer of each page in order: only now the number of pages is known. */
  async writeFooters(write: (page: BookPage, index: number) => void): Promise<void> {
    for (const [index, content] of this.#footers.entries()) {
      write({ content, fonts: {}, xobjects: {}, marks: { page: content, owners: [] } }, index);
      content.end();
      if (this.#pace.due) await this.#pace.rest();
    }
  }

  font(wanted: Face): BookFont {
    let font = this.#fonts.get(wanted);
    if (font === undefined) {
      font = new BookFont(this.#pdf.addFont(wanted), wanted);
      this.#fonts.set(wanted, font);
    }
    return font;
  }

  /** Embeds a JPEG unchanged. Throws if its header cannot be read. */
  addJpeg(bytes: Uint8Array): BookImage {
    const jpeg = this.#pdf.openImage(bytes);
    const { width, height, orientation } = jpeg;
    if (!(width > 0 && height > 0)) throw new Error('a JPEG image without a size');
    jpeg.embed(this.#pdf);
    const turned = orientation > 4;
    return {
      width: turned ? height : width,
      height: turned ? width : height,
      image: { name: jpeg.label, object: jpeg.obj, orientation },
    };
  }

  addPng(png: PngImage): BookImage {
    const { width, height, bits, colors, palette, transparent, opacity } = png;
    const frame = { Type: 'XObject', Subtype: 'Image', Width: width, Height: height, Filter: 'FlateDecode' };
    const space = colors === 3 ? 'DeviceRGB' : 'DeviceGray';
    const object = this.#stream(png.data, {
      ...frame,
      BitsPerComponent: bits,
      ColorSpace:
        palette === undefined
          ? space
          : ['Indexed', 'DeviceRGB', palette.length / 3 - 1, this.#stream(palette, {})],
      DecodeParms: png.filtered
        ? { Predictor: 15, Colors: colors, BitsPerComponent: bits, Columns: width }
        : undefined,
      Mask: transparent?.flatMap((sample) => [sample, sample]),
      SMask:
        opacity === undefined
          ? undefined
          : this.#stream(opacity, { ...frame, BitsPerComponent: 8, ColorSpace: 'DeviceGray' }),
    });
    this.#pngCount += 1;
    return { width, height, image: { name: `Png${this.#pngCount}`, object, orientation: 1 } };
  }

  #stream(bytes: Uint8Array, data: Record<string, unknown>): Reference {
    const stream = this.#pdf.ref(data);
    stream.write(bytes);
    stream.end();
    return stream;
  }

  /** Adds an outline entry for a position on the current page, under `parent` or at the top level. */
  addOutline(title: string, y: number, parent: OutlineItem | undefined): OutlineItem {
    const item = (parent ?? this.#pdf.outline).addItem(title);
    item.outlineData['Dest'] = this.destination(y);
    return item;
  }

  /** Makes an area of the current page a link to a URL, to a named destination, or to a destination. */
  addLink(box: Box, target: Link | { readonly destination: unknown[] }): void {
    const action =
      'url' in target
        ? { A: { S: 'URI', URI: new String(asciiUrl(target.url)) } }
        : { Dest: 'anchor' in target ? target.anchor : target.destination };
    this.#pdf.annotate(box.x, box.y, box.width, box.height, { Subtype: 'Link', ...action });
  }

  /** Names a position on the current page as a destination. */
  addAnchor(name: string, y: number): void {
    this.#pdf.addNamedDestination(name, 'XYZ', null, y, null);
  }

  /** Opens a structure element inside of another, or of the document. */
  openTag(type: string, parent: Tag = this.#structure.tag, options: TagOptions = {}): Tag {
    return parent.open(type, this.#pdf.ref(), options);
  }

  /** A destination on the current page, `y` points from its top. */
  destination(y: number): unknown[] {
    return [this.#pdf.page.dictionary, 'XYZ', null, paper.height - y, null];
  }

  /** Completes the file and ends the stream. */
  async end(): Promise<void> {
    for (const font of this.#fonts.values()) await font.finalize(this.#pace);
    this.#finishStructure();
    this.#structure.end();
    await new Promise<void>((resolve) => {
      this.#pdf.once('end', resolve);
      this.#pdf.end();
    });
    await this.#flush();
    await this.#output.end();
  }

  #finishStructure(): Reference | undefined {
    if (this.#marks !== undefined) this.#structure.addPage(this.#marks);
    return this.#marks?.page;
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    await this.#output.write(bytes);
  }
}

/** A URL in ASCII, as PDF requires. */
function asciiUrl(url: string): string {
  if (URL.canParse(url)) return new URL(url).href;
  return url.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}
