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
  /** Receives the PDF and is ended after it. Rendering pauses while it is full; it is never destroyed. */
  out: Writable;
  /** Resolves to the bytes of an image, PNG or JPEG, or to null if it is not available: a frame is shown then. */
  loadImage(url: string): Promise<Uint8Array | null>;
  /** Called for each finished page, with its number and the fraction (0..1) of the Markdown that is laid out. */
  onProgress(progress: { page: number; fraction: number }): void;
  /** Aborting it ends the rendering immediately. */
  signal: AbortSignal;
};

/**
 * Writes a case study as a PDF: title page, table of contents, claims, text, notes, provenance. Pages are
 * written as they are finished, without blocking the event loop. Rejects with the signal's reason, with the stream's error,
 * with the error of `loadImage`, and with a RangeError for an invalid date.
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
    await setStudy(volume, study, body, volume.report);
    body.end();
    await setProvenance(volume, [{ title: null, claims: study.claims, provenAt: document.provenAt }]);
    const facts = factsOf(document);
    if (study.claims.length > 0) facts.push(['Claims', standingSpans(study.claims)]);
    return setFront(volume, front, { ...document, over: portfolioName, facts });
  });
}

/**
 * Writes a portfolio as a PDF: cover, table of contents, each study starting on a new page, and the provenance of all
 * claims. Only the claims of a study stay in memory when the next one is read. Rejects like `renderPdf`, and with the error
 * of `studies`.
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
        volume.report((done + part) / Math.max(studyCount, done + 1)),
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

/** The context that the parts of a file share. */
type Volume = {
  readonly book: Book;
  readonly pace: Pace;
  readonly images: Images;
  readonly contents: Contents;
  readonly hooks: FlowHooks;
  /** Reports the fraction (0..1) of the text that is laid out; it never decreases. */
  readonly report: (fraction: number) => void;
  /** The left and the right text of the running head. */
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
      report: (part) => {
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

/** A study with numbered claims, and its own number if it is one of many. */
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
  report: (part: number) => void,
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
  await setBody(typesetter, markdown, tag, report);
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

/** The parts of the structure that come first in reading order, though they are written last. */
type Front = { readonly title: Tag; readonly contents: Tag };

function openFront(book: Book): Front {
  return { title: book.openTag('Sect'), contents: book.openTag('TOC') };
}

/** Sets title page and contents, moves them to the front, and numbers all pages. */
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

/** Sets the Markdown and its footnotes, and reports the fraction (0..1) that is laid out. */
async function setBody(
  typesetter: Typesetter,
  markdown: Markdown,
  tag: Tag,
  report: (part: number) => void,
): Promise<void> {
  const { flow, pace } = typesetter;
  const style = { size: types.body.size, color: colors.ink };
  const frame: Frame = { tag, type: types.body, style, listDepth: 0, gap: 8, progress: () => {} };
  for await (const { node, from, to, continues } of markdown.blocks(pace)) {
    const progress = (part: number): void => report(from + (to - from) * part);
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
  throw new RangeError(`${field} is "${time}": expected an ISO 8601 time such as 2026-03-01T12:00:00Z`);
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

/** Waits for a promise or until the signal is aborted. */
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
