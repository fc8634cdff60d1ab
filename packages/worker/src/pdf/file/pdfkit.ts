import { PDFDocument } from 'pdfkit';
import type { EmbeddedFont, Options, Reference } from 'pdfkit';

import type { Face } from '../type/typefaces.ts';

/** pdfkit, used for the objects of a file, not for laying out text. */
export class PdfFile extends PDFDocument {
  constructor(options: Pick<Options, 'info' | 'lang' | 'size'>) {
    super({
      ...options,
      autoFirstPage: false,
      displayTitle: true,
      font: '',
      margin: 0,
      pdfVersion: '1.7',
      tagged: true,
    });
  }

  /** No XMP packet: pdfkit fills it with unescaped text, which an "&" in a title would break. */
  override endMetadata(): void {}

  /** The pages, in reading order. */
  get pages(): Reference[] {
    return this['_root'].data.Pages.data.Kids;
  }

  get structureRoot(): Reference {
    return this['_root'].data.StructTreeRoot;
  }

  /** Adds a font; it is embedded once a page uses it. */
  addFont({ font, name }: Face): EmbeddedFont {
    this.font(font, name);
    return this['_font'];
  }
}
