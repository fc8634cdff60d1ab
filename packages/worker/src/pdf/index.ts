import type { Writable } from 'node:stream';

import { setBlock, setBlocks } from './blocks/blocks.ts';
import { Images } from './blocks/images.ts';
import { setNotes } from './blocks/note-list.ts';
import { endTable } from './blocks/table.ts';
import { Book } from './file/book.ts';
import type { BookInfo } from './file/book.ts';
import { Output } from './file/output.ts';
import type { Tag } from './file/structure.ts';
import { Markdown } from './markdown/markdown.ts';
import { Notes } from './markdown/notes.ts';
import { Pace } from './pace.ts';
import { Contents } from './pages/contents.ts';
import { Flow } from './pages/flow.ts';
import { Ink } from './pages/ink.ts';
import { drawFooter, drawRunningHead } from './pages/running.ts';
import { setTitlePage } from './pages/title-page.ts';
import type { TitlePage } from './pages/title-page.ts';
import { colors, types } from './theme.ts';
import { openTypefaces, openTypefacesFor } from './type/typefaces.ts';
import type { Frame, Typesetter } from './typesetter.ts';

/** A case study as it is printed. */
export type PdfDocument = {
  title: string;
  summary: string;
  portfolioName: string;
  client: string | null;
  /** Printed as it is, for example "2025-01 – 2026-03". */
  period: string | null;
  tags: string[];
  /** BCP 47; also the language in which the date is written. */
  language: string;
  /** ISO 8601. */
  publishedAt: string | null;
  /** CommonMark with GitHub's extensions. */
  markdown: string;
};

export type PdfOptions = {
  /** Takes the PDF's bytes and is ended after them. It is waited for while it is full, and never destroyed. */
  out: Writable;
  /** An image's bytes, PNG or JPEG; null where it is not available: a frame then stands in its place. */
  loadImage(url: string): Promise<Uint8Array | null>;
  /** Told at each finished page: its number so far, and the part (0..1) of the Markdown that is laid out. */
  onProgress(progress: { page: number; fraction: number }): void;
  /** Aborting it ends the rendering at once. */
  signal: AbortSignal;
};

/**
 * Writes a case study as a PDF: title page, table of contents, text, notes. Pages go out as they are finished,
 * and the event loop is shared while that lasts. Rejects with the signal's reason once that is aborted, with
 * the stream's error, with what `loadImage` rejects with, and with a RangeError when `publishedAt` is no date.
 */
export async function renderPdf(document: PdfDocument, options: PdfOptions): Promise<{ pages: number }> {
  const { out, signal } = options;
  signal.throwIfAborted();
  const created = document.publishedAt === null ? new Date() : new Date(document.publishedAt);
  if (Number.isNaN(created.getTime())) {
    throw new RangeError(
      `publishedAt is "${document.publishedAt}": give an ISO 8601 time such as 2026-03-01T12:00:00Z`,
    );
  }
  const output = new Output(out, signal);
  try {
    return await render(document, options, output, created);
  } finally {
    output.release();
  }
}

async function render(
  document: PdfDocument,
  options: PdfOptions,
  output: Output,
  created: Date,
): Promise<{ pages: number }> {
  const pace = new Pace(options.signal);
  await openTypefaces();
  await openTypefacesFor(document.title, document.portfolioName);
  const book = new Book(infoOf(document, created), output, pace);
  const markdown = await Markdown.open(document.markdown, pace);
  let fraction = 0;
  const pageFinished = (): void => options.onProgress({ page: book.pageCount, fraction });
  const pageStarted = (ink: Ink): void => drawRunningHead(ink, document.portfolioName, document.title);
  const typesetter: Typesetter = {
    book,
    pace,
    flow: new Flow(book, { pageStarted, pageFinished }),
    images: new Images(book, (url) => abortable(options.loadImage(url), options.signal)),
    notes: new Notes(markdown.footnotes),
    definitions: markdown.definitions,
    contents: new Contents(book, pace),
  };
  const sections = openSections(book);
  await setBody(typesetter, markdown, sections.body, (part) => {
    fraction = Math.max(fraction, part);
  });

  const bodyPages = book.pageCount;
  const titleFlow = new Flow(book, { pageStarted: () => {}, pageFinished });
  await setTitlePage({ ...typesetter, flow: titleFlow }, titlePageOf(document, created), sections.title);
  await titleFlow.end();
  const titlePages = book.pageCount - bodyPages;
  book.moveLast(titlePages, 0);
  const contentsPages = await typesetter.contents.draw(titlePages, sections.contents, pageStarted);
  book.moveLast(contentsPages, titlePages);

  for (const section of Object.values(sections)) section.end();
  const pages = book.pageCount;
  await book.writeFooters((page, index) => {
    const ink = new Ink(book, page);
    if (index >= titlePages) drawFooter(ink, index + 1, pages);
    ink.finish();
  });
  await book.end();
  options.onProgress({ page: pages, fraction: 1 });
  return { pages };
}

/** Sets the Markdown and its footnotes, telling which part (0..1) of it is laid out. */
async function setBody(
  typesetter: Typesetter,
  markdown: Markdown,
  tag: Tag,
  tell: (part: number) => void,
): Promise<void> {
  const { flow, pace } = typesetter;
  const style = { size: types.body.size, color: colors.ink };
  const frame: Frame = { tag, type: types.body, style, listDepth: 0, gap: 8, progress: () => {} };
  for await (const { node, from, to, continues } of markdown.blocks(pace)) {
    const progress = (part: number): void => tell(from + (to - from) * part);
    await setBlock(typesetter, node, { ...frame, progress }, continues);
    flow.gap(frame.gap);
    progress(1);
  }
  await setNotes(typesetter, frame, setBlocks);
  endTable(typesetter);
  await flow.end();
}

function infoOf(document: PdfDocument, created: Date): BookInfo {
  const { title, portfolioName, summary, tags, language } = document;
  return { title, author: portfolioName, subject: summary, keywords: tags.join(', '), language, created };
}

/** The parts of the document's structure, in the order of reading, which is not that of writing. */
function openSections(book: Book): { title: Tag; contents: Tag; body: Tag } {
  return { title: book.openTag('Sect'), contents: book.openTag('TOC'), body: book.openTag('Sect') };
}

function titlePageOf(
  { client, period, publishedAt, language, ...document }: PdfDocument,
  created: Date,
): TitlePage {
  const facts: [string, string | null][] = [
    ['Client', client],
    ['Period', period],
    ['Published', publishedAt === null ? null : longDate(created, language)],
  ];
  return { ...document, facts: facts.filter((fact): fact is [string, string] => Boolean(fact[1])) };
}

function longDate(date: Date, language: string): string {
  const [locale] = Intl.DateTimeFormat.supportedLocalesOf(isTag(language) ? language : 'en');
  return new Intl.DateTimeFormat(locale ?? 'en', { dateStyle: 'long', timeZone: 'UTC' }).format(date);
}

function isTag(language: string): boolean {
  try {
    return Intl.getCanonicalLocales(language).length > 0;
  } catch {
    return false;
  }
}

/** Waits for a promise, but no longer than until the signal is aborted. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
