import type { Writable } from 'node:stream';

import { setBlock, setBlocks } from './blocks/blocks.ts';
import { Images } from './blocks/images.ts';
import { setNotes } from './blocks/note-list.ts';
import { endTable } from './blocks/table.ts';
import type { PdfDocument, PdfPortfolio } from './document.ts';
import { Book } from './file/book.ts';
import type { BookInfo } from './file/book.ts';
import { Output } from './file/output.ts';
import type { Tag } from './file/structure.ts';
import { Markdown } from './markdown/markdown.ts';
import { Notes } from './markdown/notes.ts';
import { Pace } from './pace.ts';
import { Contents } from './pages/contents.ts';
import { coverOf } from './pages/cover.ts';
import { Flow } from './pages/flow.ts';
import type { FlowHooks } from './pages/flow.ts';
import { Ink } from './pages/ink.ts';
import { drawFooter, drawRunningHead } from './pages/running.ts';
import { setStudyOpening } from './pages/study-opening.ts';
import { setTitlePage } from './pages/title-page.ts';
import type { TitleFact, TitlePage } from './pages/title-page.ts';
import { setAppendix } from './provenance/appendix.ts';
import type { ProvenStudy } from './provenance/appendix.ts';
import { numberClaims, setClaims, standingSpans } from './provenance/claims.ts';
import type { NumberedClaim } from './provenance/claims.ts';
import { colors, types } from './theme.ts';
import { openTypefaces, openTypefacesFor } from './type/typefaces.ts';
import type { Frame, Typesetter } from './typesetter.ts';

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
 * Writes a case study as a PDF: title page, table of contents, claims, text, notes, provenance. Pages go out as they
 * are finished, and the event loop is shared while that lasts. Rejects with the signal's reason once that is aborted,
 * with the stream's error, with what `loadImage` rejects with, and with a RangeError when a date is none.
 */
export async function renderPdf(document: PdfDocument, options: PdfOptions): Promise<{ pages: number }> {
  options.signal.throwIfAborted();
  const created = document.publishedAt === null ? new Date() : dateOf('publishedAt', document.publishedAt);
  const { title, portfolioName, summary, tags, language } = document;
  const keywords = tags.join(', ');
  const info = { title, author: portfolioName, subject: summary, keywords, language, created };
  return withVolume(info, options, async (volume) => {
    const { book } = volume;
    volume.head = [portfolioName, title];
    const front = openFront(book);
    const study: StudyPart = { document, scope: '', claims: numberClaims(document.claims, undefined) };
    const body = book.openTag('Sect');
    await setStudy(volume, study, body, volume.tell);
    body.end();
    await setProvenance(volume, [{ title: null, claims: study.claims, provenAt: document.provenAt }]);
    const facts = factsOf(document);
    if (study.claims.length > 0) facts.push(['Claims', standingSpans(study.claims)]);
    return setFront(volume, front, { ...document, over: portfolioName, facts });
  });
}

/**
 * Writes a portfolio as a PDF: cover, table of contents, each study from a new page on, and the provenance of all
 * claims. Of a study, only its claims are remembered when the next one is asked for. Rejects as `renderPdf` does, and
 * with what `studies` rejects with.
 */
export async function renderPortfolioPdf(
  portfolio: PdfPortfolio,
  studies: AsyncIterable<PdfDocument>,
  options: PdfOptions,
): Promise<{ pages: number }> {
  options.signal.throwIfAborted();
  const { name, tagline, at, studyCount } = portfolio;
  const created = dateOf('at', at);
  const info = { title: name, author: name, subject: tagline, keywords: '', language: 'en', created };
  return withVolume(info, options, async (volume) => {
    const { book } = volume;
    const front = openFront(book);
    const proven: ProvenStudy[] = [];
    let number = 0;
    for await (const document of studies) {
      number += 1;
      const done = number - 1;
      const { title, claims: given, provenAt, language } = document;
      const claims = numberClaims(given, number);
      volume.head = [name, title];
      const tag = book.openTag('Sect', undefined, { language });
      const scope = `study${String(number).padStart(6, '0')}`;
      await setStudy(volume, { document, scope, claims, number }, tag, (part) =>
        volume.tell((done + part) / Math.max(studyCount, done + 1)),
      );
      tag.end();
      proven.push({ title, claims, provenAt });
    }
    volume.head = [name, 'Provenance'];
    await setProvenance(volume, proven);
    volume.head = [name, ''];
    const claims = proven.flatMap((study) => study.claims);
    const cover = coverOf(portfolio, { date: longDate(created, 'en'), studies: number, claims });
    return setFront(volume, front, cover);
  });
}

/** What the parts of a file share. */
type Volume = {
  readonly book: Book;
  readonly pace: Pace;
  readonly images: Images;
  readonly contents: Contents;
  readonly hooks: FlowHooks;
  /** Takes the part (0..1) of the text that is laid out; it never shrinks. */
  readonly tell: (fraction: number) => void;
  /** What stands on the left and the right of each page's running head. */
  head: [left: string, right: string];
};

async function withVolume(
  info: BookInfo,
  options: PdfOptions,
  fill: (volume: Volume) => Promise<void>,
): Promise<{ pages: number }> {
  const { signal, onProgress } = options;
  const output = new Output(options.out, signal);
  try {
    const pace = new Pace(signal);
    await openTypefaces();
    const book = new Book(info, output, pace);
    let fraction = 0;
    const volume: Volume = {
      book,
      pace,
      images: new Images(book, (url) => abortable(options.loadImage(url), signal)),
      contents: new Contents(book, pace),
      hooks: {
        pageStarted: (ink) => drawRunningHead(ink, ...volume.head),
        pageFinished: () => onProgress({ page: book.pageCount, fraction }),
      },
      tell: (part) => {
        fraction = Math.max(fraction, part);
      },
      head: ['', ''],
    };
    await fill(volume);
    const pages = book.pageCount;
    await book.end();
    onProgress({ page: pages, fraction: 1 });
    return { pages };
  } finally {
    output.release();
  }
}

/** A study, its claims numbered; with a number of its own where it is one of many. */
type StudyPart = {
  readonly document: PdfDocument;
  readonly scope: string;
  readonly claims: readonly NumberedClaim[];
  readonly number?: number;
};

async function setStudy(
  volume: Volume,
  { document, scope, claims, number }: StudyPart,
  tag: Tag,
  tell: (part: number) => void,
): Promise<void> {
  const { book, hooks } = volume;
  await openTypefacesFor(document.title, document.portfolioName);
  const markdown = await Markdown.open(document.markdown, volume.pace);
  const typesetter: Typesetter = {
    ...volume,
    flow: new Flow(book, hooks),
    notes: new Notes(markdown.footnotes, scope),
    definitions: markdown.definitions,
    scope,
  };
  if (number !== undefined) await setStudyOpening(typesetter, document, number, factsOf(document), tag);
  if (claims.length > 0) await setClaims(typesetter, claims, tag);
  await setBody(typesetter, markdown, tag, tell);
}

async function setProvenance(volume: Volume, studies: readonly ProvenStudy[]): Promise<void> {
  const withClaims = studies.filter(({ claims }) => claims.length > 0);
  if (withClaims.length === 0) return;
  const { book, hooks } = volume;
  const tag = book.openTag('Sect', undefined, { language: 'en' });
  const flow = new Flow(book, hooks);
  const typesetter = { ...volume, flow, notes: new Notes(new Map(), ''), definitions: new Map(), scope: '' };
  await setAppendix(typesetter, withClaims, tag);
  await flow.end();
  tag.end();
}

/** The parts of the document's structure that are read first, though they are written last. */
type Front = { readonly title: Tag; readonly contents: Tag };

function openFront(book: Book): Front {
  return { title: book.openTag('Sect'), contents: book.openTag('TOC') };
}

/** Sets title page and contents, puts them first, and numbers all pages. */
async function setFront(volume: Volume, front: Front, content: TitlePage): Promise<void> {
  const { book, contents, hooks } = volume;
  const textPages = book.pageCount;
  const flow = new Flow(book, { ...hooks, pageStarted: () => {} });
  const notes = new Notes(new Map(), '');
  await setTitlePage({ ...volume, flow, notes, definitions: new Map(), scope: '' }, content, front.title);
  await flow.end();
  const titlePages = book.pageCount - textPages;
  book.moveLast(titlePages, 0);
  const contentsPages = await contents.draw(titlePages, front.contents, hooks.pageStarted);
  book.moveLast(contentsPages, titlePages);
  front.title.end();
  front.contents.end();
  const pages = book.pageCount;
  await book.writeFooters((page, index) => {
    const ink = new Ink(book, page);
    if (index >= titlePages) drawFooter(ink, index + 1, pages);
    ink.finish();
  });
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

function factsOf({ client, period, publishedAt, language }: PdfDocument): TitleFact[] {
  const published = publishedAt === null ? null : longDate(dateOf('publishedAt', publishedAt), language);
  const facts = [['Client', client] as const, ['Period', period] as const, ['Published', published] as const];
  return facts.flatMap(([label, value]) => (value === null || value === '' ? [] : [[label, value] as const]));
}

function dateOf(field: string, time: string): Date {
  const date = new Date(time);
  if (!Number.isNaN(date.getTime())) return date;
  throw new RangeError(`${field} is "${time}": give an ISO 8601 time such as 2026-03-01T12:00:00Z`);
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
