import { Worker } from 'node:worker_threads';

import { PermanentError } from '../handler.ts';
import type { PdfDocument, PdfPortfolio } from './document.ts';
import { Output } from './file/output.ts';
import type { PdfOptions } from './index.ts';
import type { Answers, FromThread, Question, Task, ToThread } from './thread-messages.ts';

/** What to render; a portfolio's studies are taken one after the other, as they are needed. */
export type PdfSource =
  | { readonly document: PdfDocument }
  | { readonly portfolio: PdfPortfolio; readonly studies: AsyncIterable<PdfDocument> };

export type ThreadLimits = {
  /** Of JavaScript's heap, for each thread. */
  readonly memoryMegabytes: number;
  /** How long a thread may be busy without a word. */
  readonly patienceSeconds: number;
};

/** How long a thread waits for work before it ends: starting one and opening its fonts takes half a second. */
const tickMilliseconds = 250;
const idleSeconds = 60;
/** Left to Node, each thread takes 100 MB more after some hundreds of PDFs, and is no faster for it. */
const maxYoungGenerationSizeMb = 48;
/** A bundle has the thread beside it. */
const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './pdf-thread.js';

/**
 * Renders PDFs in threads, one for each that is rendered at a time, so that one which takes all memory or never ends
 * hurts no other. Memory, images and bytes stay within what is needed at a time.
 */
export class RenderThreads {
  readonly #limits: ThreadLimits;
  readonly #idle = new Map<Worker, NodeJS.Timeout>();

  constructor(limits: ThreadLimits) {
    this.#limits = limits;
  }

  /**
   * Renders as `renderPdf` and `renderPortfolioPdf` do. Aborting ends the thread, whatever it is busy with. Rejects
   * with a PermanentError when the thread is out of memory or shows no sign of life.
   */
  async render(source: PdfSource, options: PdfOptions): Promise<{ pages: number }> {
    options.signal.throwIfAborted();
    const output = new Output(options.out, options.signal);
    const thread = this.#take();
    try {
      const pages = await converse(thread, source, { ...options, output, ...this.#limits });
      this.#giveBack(thread);
      await output.end();
      return { pages };
    } catch (error) {
      await thread.terminate();
      throw error;
    } finally {
      output.release();
    }
  }

  #take(): Worker {
    const [idle] = this.#idle;
    if (idle === undefined) return this.#start();
    const [thread, retirement] = idle;
    clearTimeout(retirement);
    this.#idle.delete(thread);
    thread.ref();
    return thread;
  }

  #start(): Worker {
    const { memoryMegabytes: maxOldGenerationSizeMb } = this.#limits;
    const resourceLimits = { maxOldGenerationSizeMb, maxYoungGenerationSizeMb };
    const thread = new Worker(new URL(file, import.meta.url), { resourceLimits });
    thread.on('exit', () => this.#idle.delete(thread));
    // Without a listener, an error in an idle thread would end the process.
    thread.on('error', () => {});
    return thread;
  }

  #giveBack(thread: Worker): void {
    thread.unref();
    const retirement = setTimeout(() => void thread.terminate(), idleSeconds * 1000).unref();
    this.#idle.set(thread, retirement);
  }
}

type Conversation = ThreadLimits & Omit<PdfOptions, 'out'> & { readonly output: Output };

/** Has a thread render, and answers what it asks; resolves to the number of pages. */
async function converse(thread: Worker, source: PdfSource, talk: Conversation): Promise<number> {
  const { signal, onProgress, memoryMegabytes, patienceSeconds } = talk;
  const { promise: pages, resolve, reject } = Promise.withResolvers<number>();
  const ended = new AbortController();
  const studies = 'studies' in source ? source.studies[Symbol.asyncIterator]() : undefined;
  let open = 0;
  let quietTicks = 0;
  // Ticks and not times: a process that was frozen itself must not take that for silence.
  const patience = setInterval(() => {
    quietTicks = open === 0 ? quietTicks + 1 : 0;
    if (quietTicks * tickMilliseconds >= patienceSeconds * 1000) reject(stalled(patienceSeconds));
  }, tickMilliseconds);

  const answer = async (id: number, question: Question): Promise<void> => {
    open += 1;
    const answered = await answerTo(question, studies, talk);
    open -= 1;
    quietTicks = 0;
    if (!ended.signal.aborted) tell(thread, { type: 'answer', id, answer: answered });
  };
  const hear = (message: FromThread): void => {
    quietTicks = 0;
    if (message.type === 'progress') onProgress(message.progress);
    else if (message.type === 'done') resolve(message.pages);
    else answer(message.id, message.question).catch(reject);
  };
  const fail = (error: Error): void => reject(isOutOfMemory(error) ? tooLarge(memoryMegabytes) : error);
  const exit = (code: number): void => reject(new Error(`the rendering thread ended with ${code}`));
  thread.on('message', hear).on('error', fail).on('exit', exit);
  signal.addEventListener('abort', () => reject(signal.reason), { signal: ended.signal });
  try {
    tell(thread, { type: 'task', task: taskOf(source) });
    return await pages;
  } finally {
    ended.abort();
    clearInterval(patience);
    thread.off('message', hear).off('error', fail).off('exit', exit);
    // It may wait for the database still; nobody wants what comes of it.
    studies?.return?.().catch(() => {});
  }
}

const tell = (thread: Worker, message: ToThread): void => thread.postMessage(message, []);

function taskOf(source: PdfSource): Task {
  return 'document' in source ? { document: source.document } : { portfolio: source.portfolio };
}

async function answerTo(
  question: Question,
  studies: AsyncIterator<PdfDocument> | undefined,
  { output, loadImage }: Conversation,
): Promise<Answers[keyof Answers]> {
  switch (question.what) {
    case 'study': {
      const next = await studies?.next();
      return next === undefined || next.done === true ? null : next.value;
    }
    case 'image':
      return loadImage(question.url);
    case 'write':
      await output.write(question.bytes);
      return null;
    default:
      return question satisfies never;
  }
}

function isOutOfMemory(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

const advice = 'Make it simpler, for example by splitting a large table or a deeply nested list.';

function tooLarge(megabytes: number): PermanentError {
  return new PermanentError(
    'too_large',
    `Laying it out takes more than ${megabytes} MB of memory. ${advice}`,
  );
}

function stalled(seconds: number): PermanentError {
  return new PermanentError('too_complex', `Laying it out got no further for ${seconds} seconds. ${advice}`);
}
