// A thread that renders one PDF at a time for `render-threads.ts`; any error ends it.
import { Writable } from 'node:stream';
import { getHeapStatistics } from 'node:v8';
import { parentPort } from 'node:worker_threads';

import type { PdfDocument } from './document.ts';
import { renderPdf, renderPortfolioPdf } from './index.ts';
import type { PdfOptions } from './index.ts';
import type { Answers, FromThread, Question, Task, ToThread } from './thread-messages.ts';

if (parentPort === null) throw new Error('this module runs in a worker thread only');
const port = parentPort;
const waiting = new Map<number, (answer: never) => void>();
let questions = 0;

function send(message: FromThread): void {
  port.postMessage(message);
}

function ask<Asked extends Question>(
  question: Asked,
  answered: (answer: Answers[Asked['what']]) => void,
): void {
  const id = ++questions;
  waiting.set(id, answered);
  send({ type: 'ask', id, question });
}

async function* studies(): AsyncGenerator<PdfDocument> {
  for (;;) {
    const study = await new Promise<PdfDocument | null>((resolve) => ask({ what: 'study' }, resolve));
    if (study === null) return;
    yield study;
  }
}

async function render(task: Task): Promise<void> {
  let heapBytes = 0;
  const noteHeap = () => (heapBytes = Math.max(heapBytes, getHeapStatistics().used_heap_size));
  const options: PdfOptions = {
    out: new Writable({
      write: (bytes: Uint8Array, _encoding, done) => ask({ what: 'write', bytes }, () => done()),
    }),
    loadImage: (url) => new Promise((resolve) => ask({ what: 'image', url }, resolve)),
    onProgress(progress) {
      noteHeap();
      send({ type: 'progress', progress });
    },
    // The rendering is aborted by terminating the thread.
    signal: new AbortController().signal,
  };
  const { pages } =
    'document' in task
      ? await renderPdf(task.document, options)
      : await renderPortfolioPdf(task.portfolio, studies(), options);
  noteHeap();
  send({ type: 'done', pages, heapBytes });
}

port.on('message', (message: ToThread) => {
  if (message.type === 'task') {
    void render(message.task);
  } else {
    waiting.get(message.id)?.(message.answer as never);
    waiting.delete(message.id);
  }
});
