import type { PdfDocument, PdfPortfolio } from './document.ts';

/** The task of a thread; it requests the studies of a portfolio one after the other. */
export type Task = { readonly document: PdfDocument } | { readonly portfolio: PdfPortfolio };

/** A request of a thread: the next study, an image, or to write bytes. */
export type Question =
  | { readonly what: 'study' }
  | { readonly what: 'image'; readonly url: string }
  | { readonly what: 'write'; readonly bytes: Uint8Array };

export type Answers = { study: PdfDocument | null; image: Uint8Array | null; write: null };

/** A rendered file; `heapBytes` is the largest heap of the thread that was seen meanwhile. */
export type Rendered = { readonly pages: number; readonly heapBytes: number };

export type ToThread =
  | { readonly type: 'task'; readonly task: Task }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answers[keyof Answers] };

export type FromThread =
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  | { readonly type: 'progress'; readonly progress: { page: number; fraction: number } }
  | ({ readonly type: 'done' } & Rendered);
