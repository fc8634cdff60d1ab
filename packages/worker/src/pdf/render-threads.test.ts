import { PassThrough, Writable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';

import { PermanentError } from '../handler.ts';
import type { PdfDocument } from './document.ts';
import type { PdfOptions } from './index.ts';
import { RenderThreads, limitOf } from './render-threads.ts';
import { claim } from './testing/claims.ts';
import { png } from './testing/images.ts';
import { renderBytes, study } from './testing/render.ts';
import { longStudy } from './testing/studies.ts';

const limits = {
  memoryMegabytes: 512,
  timeoutSeconds: 60,
  processorSeconds: { document: 60, portfolio: 60 },
};

/** Blocks its thread for long: each item is nested in a hundred others. */
const endless = study(
  Array.from({ length: 4_000 }, (_, line) => `${'  '.repeat(Math.min(line, 99))}- level`).join('\n'),
);

function memory() {
  const chunks: Uint8Array[] = [];
  const out = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => done(void chunks.push(chunk)),
  });
  return { out, bytes: () => new Uint8Array(Buffer.concat(chunks)) };
}

function options(fields: Partial<PdfOptions> = {}): PdfOptions {
  return {
    out: memory().out,
    loadImage: () => Promise.resolve(null),
    onProgress: () => {},
    signal: new AbortController().signal,
    ...fields,
  };
}

test('a thread produces the same bytes as the main thread, also when it is reused', async () => {
  const threads = new RenderThreads(limits);
  const image = png({ width: 40, height: 20, bits: 8, colorType: 2 });
  const loadImage = () => Promise.resolve(image);
  const document = study('# One\n\n![a](b.png)\n\n' + longStudy(20_000), { claims: [claim()] });
  const here = await renderBytes(document, { loadImage });
  for (let time = 0; time < 2; time++) {
    const { out, bytes } = memory();
    await threads.render({ document }, options({ out, loadImage }));
    expect(out.writableFinished).toBe(true);
    expect(Buffer.compare(bytes(), here)).toBe(0);
  }
}, 60_000);

test('the studies of a portfolio are read one after the other, when the thread needs them', async () => {
  let taken = 0;
  let leastPages = 0;
  let pagesNow = 0;
  async function* studies(): AsyncGenerator<PdfDocument> {
    for (taken = 1; taken <= 5; taken++) {
      if (taken > 1) leastPages = Math.max(leastPages, taken - 1 - pagesNow);
      yield await Promise.resolve(study(`# Study\n\nWords of ${taken}.`));
    }
  }
  const portfolio = { name: 'P', tagline: '', description: '', at: '2026-03-20T10:15:00Z', studyCount: 5 };
  const onProgress = ({ page }: { page: number }): void => {
    pagesNow = page;
  };
  const { pages } = await new RenderThreads(limits).render(
    { portfolio, studies: studies() },
    options({ onProgress }),
  );
  expect(pages).toBe(7);
  // A study is requested after the pages of all earlier ones are done.
  expect(leastPages).toBe(0);
}, 60_000);

test('a thread out of memory fails permanently with a clear error, while another continues', async () => {
  const neighbour = new RenderThreads(limits);
  const small = new RenderThreads({ ...limits, memoryMegabytes: 16 });
  const document = study(longStudy(60_000));
  const { out, bytes } = memory();
  const [failed, rendered] = await Promise.allSettled([
    small.render({ document }, options()),
    neighbour.render({ document }, options({ out })),
  ]);
  expect(failed).toMatchObject({
    reason: expect.any(PermanentError),
    status: 'rejected',
  });
  expect(failed).toMatchObject({ reason: { code: 'too_large', message: expect.stringContaining('16 MB') } });
  expect(rendered.status).toBe('fulfilled');
  expect(Buffer.from(bytes().subarray(0, 5)).toString()).toBe('%PDF-');
}, 60_000);

describe('the timeout of a thread', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('ends a thread that is busy without a message, and the job fails permanently', async () => {
    const rendering = new RenderThreads(limits).render({ document: endless }, options());
    vi.advanceTimersByTime(60_000);
    await expect(rendering).rejects.toMatchObject({ name: 'PermanentError', code: 'too_complex' });
  });

  test('does not apply while the thread waits for an answer', async () => {
    let waited = 0;
    const loadImage = () => {
      waited += 600_000;
      vi.advanceTimersByTime(waited);
      return Promise.resolve(null);
    };
    const document = study('![a](b.png)');
    const { pages } = await new RenderThreads(limits).render({ document }, options({ loadImage }));
    expect(pages).toBe(2);
  });
});

const tooComplex = { name: 'PermanentError', code: 'too_complex' };

const threadsWithin = (processorSeconds: Partial<typeof limits.processorSeconds>) =>
  new RenderThreads({ ...limits, processorSeconds: { ...limits.processorSeconds, ...processorSeconds } });

describe('the processor time of a thread', () => {
  test('ends one that goes on finishing pages, and the job fails permanently', async () => {
    // More than a new thread needs until its first page, and less than the text takes.
    const seconds = 1.2;
    let pages = 0;
    const onProgress = ({ page }: { page: number }): void => {
      pages = page;
    };
    const rendering = threadsWithin({ document: seconds }).render(
      { document: study(longStudy(2_000_000)) },
      options({ onProgress }),
    );
    await expect(rendering).rejects.toMatchObject({
      ...tooComplex,
      message: expect.stringContaining(String(seconds)),
    });
    expect(pages).toBeGreaterThan(0);
  }, 60_000);

  test('is that of all studies of a portfolio together', async () => {
    let read = 0;
    async function* studies(): AsyncGenerator<PdfDocument> {
      for (; read < 1_000; read++) yield await Promise.resolve(study(longStudy(50_000)));
    }
    const at = '2026-03-20T10:15:00Z';
    const portfolio = { name: 'P', tagline: '', description: '', at, studyCount: 1_000 };
    const rendering = threadsWithin({ portfolio: 0.2 }).render({ portfolio, studies: studies() }, options());
    await expect(rendering).rejects.toMatchObject(tooComplex);
    expect(read).toBeLessThan(1_000);
  }, 60_000);

  test('does not include that of the files before it in the same thread', async () => {
    const threads = threadsWithin({ document: 1.5 });
    const document = study(longStudy(100_000));
    for (let file = 0; file < 8; file++)
      await expect(threads.render({ document }, options())).resolves.toMatchObject({
        pages: expect.any(Number),
      });
  }, 60_000);
});

test('an overflow of the stack, which markup causes that is nested too deep, fails permanently', () => {
  const deeper = (): number => 1 + deeper();
  let overflow: unknown;
  try {
    deeper();
  } catch (error) {
    overflow = error;
  }
  expect(limitOf(overflow as Error, 512)).toMatchObject({ name: 'PermanentError', code: 'too_complex' });
  expect(limitOf(new RangeError('Invalid time value'), 512)).toBeUndefined();
});

test('aborting ends a thread that blocks its event loop', async () => {
  const abort = new AbortController();
  const reason = new Error('cancelled by its owner');
  const { out } = memory();
  const document = { ...endless, markdown: `${longStudy(20_000)}\n\n${endless.markdown}` };
  // Its last message before it reads the list.
  const onProgress = ({ page }: { page: number }): void => {
    if (page === 8) abort.abort(reason);
  };
  const rendering = new RenderThreads(limits).render(
    { document },
    options({ out, onProgress, signal: abort.signal }),
  );
  await expect(rendering).rejects.toBe(reason);
  expect(out.destroyed).toBe(false);
  expect(out.writableEnded).toBe(false);
  expect(out.listenerCount('error')).toBe(0);
}, 60_000);

test('an error outside of the thread ends it with the same error', async () => {
  const threads = new RenderThreads(limits);
  const outage = new Error('the bucket is unavailable');
  const document = study('![a](b.png)');
  const failing = threads.render({ document }, options({ loadImage: () => Promise.reject(outage) }));
  await expect(failing).rejects.toBe(outage);
  const out = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the disk is full')) });
  await expect(threads.render({ document }, options({ out }))).rejects.toThrow('the disk is full');
  // The next rendering gets a new thread.
  await threads.render({ document }, options());
}, 60_000);

test('a thread waits while its output is not consumed', async () => {
  const out = new PassThrough({ highWaterMark: 1 });
  let pages = 0;
  const onProgress = ({ page }: { page: number }): void => {
    pages = page;
  };
  const document = study(longStudy(200_000));
  const rendering = new RenderThreads(limits).render({ document }, options({ out, onProgress }));
  let before = 0;
  await eventually(() => {
    const stands = pages > 0 && pages === before;
    before = pages;
    expect(stands).toBe(true);
  }, 250);
  out.resume();
  const { pages: all } = await rendering;
  expect(before).toBeLessThan(all / 2);
}, 60_000);
