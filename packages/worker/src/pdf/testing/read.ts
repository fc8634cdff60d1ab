import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';

export type ReadLink = {
  /** The text under the link. */
  readonly text: string;
  readonly url: string | undefined;
  /** The page of the link's target, counted from 1. */
  readonly page: number | undefined;
};

/** A parsed PDF. */
export type ReadPdf = {
  readonly document: PDFDocumentProxy;
  /** The content of each page, without repeated or decorative parts. */
  readonly pages: readonly string[];
  /** Each page's running head, footer and repeated table headers. */
  readonly artifacts: readonly string[];
  /** All content without white space. */
  readonly packed: string;
};

export async function readPdf(bytes: Uint8Array): Promise<ReadPdf> {
  const document = await getDocument({ data: bytes, verbosity: 0, useSystemFonts: false }).promise;
  const pages: string[] = [];
  const artifacts: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const { content, artifact } = await readText(await document.getPage(number));
    pages.push(content);
    artifacts.push(artifact);
  }
  return { document, pages, artifacts, packed: pages.join('').replace(/\s+/g, '') };
}

async function readText(page: PDFPageProxy): Promise<{ content: string; artifact: string }> {
  const { items } = await page.getTextContent({ includeMarkedContent: true, disableNormalization: true });
  const marks: (string | undefined)[] = [];
  let content = '';
  let artifact = '';
  for (const item of items) {
    if ('type' in item) {
      if (item.type === 'endMarkedContent') marks.pop();
      else marks.push('tag' in item && typeof item.tag === 'string' ? item.tag : undefined);
    } else {
      const text = item.str + (item.hasEOL ? '\n' : '');
      if (marks.includes('Artifact')) artifact += text;
      else content += text;
    }
  }
  return { content, artifact };
}

/** The first word that is missing or out of order in the PDF; undefined if there is none. */
export function missingWord(
  { packed }: Pick<ReadPdf, 'packed'>,
  words: readonly string[],
): string | undefined {
  let from = 0;
  for (const word of words) {
    const at = packed.indexOf(word, from);
    if (at === -1) return word;
    from = at + word.length;
  }
  return undefined;
}

/** The words of Markdown, without markup, URLs and labels of footnotes. */
export function wordsOf(markdown: string): string[] {
  const text = markdown.replace(/\]\([^)]*\)/g, ' ').replace(/\[\^[^\]]*\]/g, ' ');
  return text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
}

/** The links of a page (counted from 1), in the order in which they were drawn. */
export async function linksOf({ document }: ReadPdf, number: number): Promise<ReadLink[]> {
  const page = await document.getPage(number);
  const { items } = await page.getTextContent();
  const annotations: Annotation[] = await page.getAnnotations();
  const links: ReadLink[] = [];
  for (const { rect, url, dest } of annotations) {
    const [left, bottom, right, top] = rect;
    let text = '';
    for (const item of items) {
      if (!('transform' in item)) continue;
      const [x, y] = item.transform.slice(4).map(Number);
      if (x === undefined || y === undefined) continue;
      if (x >= left - 1 && x < right && y >= bottom - 1 && y < top) text += item.str;
    }
    links.push({ text, url, page: await pageOf(document, dest) });
  }
  return links;
}

type Destination = Awaited<ReturnType<PDFDocumentProxy['getDestination']>> | string | undefined;
type Annotation = { rect: [number, number, number, number]; url?: string; dest?: Destination };

/** The page (counted from 1) of a destination. */
export async function pageOf(
  document: PDFDocumentProxy,
  destination: Destination,
): Promise<number | undefined> {
  const explicit = typeof destination === 'string' ? await document.getDestination(destination) : destination;
  const [reference] = explicit ?? [];
  return isReference(reference) ? (await document.getPageIndex(reference)) + 1 : undefined;
}

function isReference(value: unknown): value is { num: number; gen: number } {
  return typeof value === 'object' && value !== null && 'num' in value && 'gen' in value;
}
