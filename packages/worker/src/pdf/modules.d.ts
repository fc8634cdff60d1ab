// Types of the used parts of packages without types, or with incomplete ones.

declare module 'linebreak' {
  /** Line break opportunities (Unicode Annex 14), in order, including the end of the text. */
  export default class LineBreaker {
    constructor(text: string);
    nextBreak(): { position: number; required: boolean } | null;
  }
}

declare module 'fontkit' {
  /** Measures are in font units. */
  export type Font = {
    readonly unitsPerEm: number;
    readonly GPOS?: Gpos;
    /** Every requested glyph, with its outline once it was read. */
    _glyphs: Record<number, Glyph>;
    glyphForCodePoint(codePoint: number): Glyph;
    getGlyph(id: number): Glyph;
    layout(text: string): { readonly advanceWidth: number };
  };
  export type Glyph = {
    readonly id: number;
    readonly advanceWidth: number;
    readonly path: { readonly commands: readonly unknown[] };
  };
  export function create(font: Uint8Array): Font | { readonly fonts: readonly Font[] };

  // The parts of a GPOS table (OpenType 1.9) that pair kerning needs.
  export type Gpos = {
    readonly featureList: readonly { tag: string; feature: { lookupListIndexes: number[] } }[];
    readonly lookupList: Lazy<{ lookupType: number; subTables: (PairTable | { extension: PairTable })[] }>;
  };
  export type Lazy<T> = { get(index: number): T };
  export type Coverage =
    | { version: 1; glyphs: number[] }
    | { version: 2; rangeRecords: { start: number; end: number; startCoverageIndex: number }[] };
  export type Classes =
    | { version: 1; startGlyph: number; classValueArray: number[] }
    | { version: 2; classRangeRecord: { start: number; end: number; class: number }[] };
  export type PairValue = { xAdvance?: number } | null;
  export type PairTable = { coverage: Coverage } & (
    | { version: 1; pairSets: Lazy<{ secondGlyph: number; value1: PairValue }[]> }
    | { version: 2; classDef1: Classes; classDef2: Classes; classRecords: Lazy<Lazy<{ value1: PairValue }>> }
  );
}

declare module 'pdfkit' {
  import type { Font } from 'fontkit';
  import type { Readable } from 'node:stream';

  /** An object of the file: written when it ends, referenced by its text. */
  export type Reference = {
    readonly id: number;
    data: Record<string, unknown>;
    write(chunk: string | Uint8Array): void;
    end(): void;
    toString(): string;
  };
  export type Page = {
    readonly dictionary: Reference;
    readonly content: Reference;
    readonly fonts: Record<string, Reference>;
    readonly xobjects: Record<string, object>;
  };
  export type EmbeddedFont = {
    readonly id: string;
    readonly subset: { readonly glyphs: number[]; readonly mapping: Record<number, number> };
    /** The code points that each glyph of the subset represents, and its width in thousandths. */
    readonly unicode: number[][];
    readonly widths: number[];
    ref(): Reference;
    finalize(): void;
  };
  export type OutlineItem = {
    readonly outlineData: Record<string, unknown>;
    addItem(title: string): OutlineItem;
  };
  export type Jpeg = {
    readonly width: number;
    readonly height: number;
    readonly orientation: number;
    readonly label: string;
    readonly obj: object;
    embed(pdf: PDFDocument): void;
  };
  export type Options = {
    autoFirstPage: false;
    displayTitle: boolean;
    /** No initial font. */
    font: '';
    info: Record<string, string | Date>;
    lang: string;
    margin: number;
    pdfVersion: '1.7';
    size: readonly [width: number, height: number];
    tagged: boolean;
  };
  export class PDFDocument extends Readable {
    readonly page: Page;
    readonly outline: OutlineItem;
    readonly _font: EmbeddedFont;
    readonly _root: { data: { Pages: { data: { Kids: Reference[] } }; StructTreeRoot: Reference } };
    constructor(options: Options);
    addPage(): void;
    addNamedDestination(name: string, kind: 'XYZ', x: null, y: number, zoom: null): void;
    annotate(x: number, y: number, width: number, height: number, options: Record<string, unknown>): void;
    end(): void;
    endMetadata(): void;
    font(font: Font, name: string): void;
    openImage(bytes: Uint8Array): Jpeg;
    ref(data?: Record<string, unknown>): Reference;
  }
}
