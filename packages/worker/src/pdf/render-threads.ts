import { Worker } from 'node:worker_threads';

import { PermanentError } from '../handler.ts';
import type { PdfDocument, PdfPortfolio } from './document.ts';
import { Output } from './file/output.ts';
import type { PdfOptions } from './index.ts';
import type { Answers, FromThread, Question, Rendered, Task, ToThread } from './thread-messages.ts';

/** The content to render; a portfolio's studies are read one after the other, when needed. */
export type PdfSource =
  | { readonly document: PdfDocument }
  | { readonly portfolio: PdfPortfolio; readonly studies: AsyncIterable<PdfDocument> };

export type ThreadLimits = {
  /** The maximum size of each thread's JavaScript heap. */
  readonly memoryMegabytes: number;
  /** The maximum time that a thread may be busy without sending a message. */
  readonly timeoutSeconds: number;
  /**
   * The maximum processor time of a file, of one study and of a portfolio. Not of the clock, so that whether a text can be
   * rendered does not depend on what else the machine does.
   */
  readonly processorSeconds: { readonly document: number; readonly portfolio: number };
};

const tickMilliseconds = 250;
/** An idle thread ends after this time; starting one and opening its fonts takes half a second. */
const idleSeconds = 60;
/** With Node's default, each thread takes 100 MB more after some hundreds of PDFs, and is no faster. */
const maxYoungGenerationSizeMb = 48;
/** In a bundle, the thread's file is next to the worker's. */
const file = import.meta.url.endsWith('.ts') ? './thread.ts' : './pdf-thread.js';

/**
 * Renders each PDF in its own thread, so that one which runs out of memory or never ends does not affect others.
 * Studies, images and output are streamed, so that memory stays bounded.
 */
export class RenderThreads {
  readonly #limits: ThreadLimits;
  readonly #idle = new Map<Worker, NodeJS.Timeout>();

  constructor(limits: ThreadLimits) {
    this.#limits = limits;
  }

  /**
   * Renders like `renderPdf` and `renderPortfolioPdf`. Aborting ends the thread immediately. Rejects with a
   * PermanentError if the thread exceeds one of its limits, or its stack by markup that is nested too deep.
   */
  async render(source: PdfSource, options: PdfOptions): Promise<Rendered> {
    options.signal.throwIfAborted();
    const output = new Output(options.out, options.signal);
    const thread = this.#take();
    try {
      const rendered = await converse(thread, source, { ...options, output, ...this.#limits });
      this.#giveBack(thread);
      await output.end();
      return rendered;
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

/** Renders in a thread and answers its questions. */
async function converse(thread: Worker, source: PdfSource, talk: Conversation): Promise<Rendered> {
  const { signal, onProgress, memoryMegabytes, timeoutSeconds, processorSeconds } = talk;
  const { promise: rendered, resolve, reject } = Promise.withResolvers<Rendered>();
  const ended = new AbortController();
  const mostSeconds = processorSeconds['studies' in source ? 'portfolio' : 'document'];
  const exceeds = processorWatch(thread, mostSeconds);
  const studies = 'studies' in source ? source.studies[Symbol.asyncIterator]() : undefined;
  let open = 0;
  let quietTicks = 0;
  // Ticks, not times: a process that was frozen must not mistake the gap for a silent thread.
  const watchdog = setInterval(() => {
    quietTicks = open === 0 ? quietTicks + 1 : 0;
    if (quietTicks * tickMilliseconds >= timeoutSeconds * 1000) reject(stalled(timeoutSeconds));
    exceeds().then((exceeded) => exceeded && reject(tooLong(mostSeconds)), reject);
  }, tickMilliseconds);

  const answer = async (id: number, question: Question): Promise<void> => {
    open += 1;
    const answered = await answerTo(question, studies, talk);
    open -= 1;
    quietTicks = 0;
    if (!ended.signal.aborted) send(thread, { type: 'answer', id, answer: answered });
  };
  const onMessage = (message: FromThread): void => {
    quietTicks = 0;
    if (message.type === 'progress') onProgress(message.progress);
    else if (message.type === 'done') resolve({ pages: message.pages, heapBytes: message.heapBytes });
    else answer(message.id, message.question).catch(reject);
  };
  const onError = (error: Error): void => reject(limitOf(error, memoryMegabytes) ?? error);
  const onExit = (code: number): void => reject(new Error(`the rendering thread ended with ${code}`));
  thread.on('message', onMessage).on('error', onError).on('exit', onExit);
  signal.addEventListener('abort', () => reject(signal.reason), { signal: ended.signal });
  try {
    send(thread, { type: 'task', task: taskOf(source) });
    return await rendered;
  } finally {
    ended.abort();
    clearInterval(watchdog);
    thread.off('message', onMessage).off('error', onError).off('exit', onExit);
    // A pending read of the next study is abandoned.
    studies?.return?.().catch(() => {});
  }
}

/** Tells whether a thread has used more processor time than it may since this was first asked. */
function processorWatch(thread: Worker, mostSeconds: number): () => Promise<boolean> {
  let begin: NodeJS.CpuUsage | undefined;
  return async () => {
    // It rejects while the thread starts, and when it has ended.
    const used = await thread.cpuUsage(begin).catch(() => undefined);
    if (used === undefined) return false;
    if (begin !== undefined) return used.user + used.system > mostSeconds * 1e6;
    begin = used;
    return false;
  };
}

const send = (thread: Worker, message: ToThread): void => thread.postMessage(message, []);

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

/** The limit that ended a thread with this error; undefined for another error. */
export function limitOf(error: Error, memoryMegabytes: number): PermanentError | undefined {
  if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') return tooLarge(memoryMegabytes);
  return error instanceof RangeError && error.message.includes('call stack') ? tooDeep() : undefined;
}

const advice = 'Simplify the document, for example by splitting a large table or a deeply nested list.';

function tooLarge(megabytes: number): PermanentError {
  return new PermanentError('too_large', `The layout needs more than ${megabytes} MB of memory. ${advice}`);
}

function stalled(seconds: number): PermanentError {
  return new PermanentError('too_complex', `The layout made no progress for ${seconds} seconds. ${advice}`);
}

function tooLong(seconds: number): PermanentError {
  return new PermanentError('too_complex', `The layout takes more than ${seconds} seconds. ${advice}`);
}

function tooDeep(): PermanentError {
  return new PermanentError('too_complex', `The markup is nested too deep. ${advice}`);
}
