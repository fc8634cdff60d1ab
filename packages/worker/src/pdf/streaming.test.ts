import { PassThrough, Writable } from 'node:stream';

import { describe, expect, test } from 'vitest';

import { renderPdf } from './index.ts';
import type { PdfOptions } from './index.ts';
import { renderBytes, study } from './testing/render.ts';

const paragraph = `${'A lease is a promise with an end. '.repeat(40)}\n\n`;
const body = `# One\n\n${paragraph.repeat(16)}| a | b |\n|---|---|\n${'| cell | cell |\n'.repeat(200)}\n${paragraph.repeat(8)}`;

function optionsWith(options: Partial<PdfOptions> & Pick<PdfOptions, 'out'>): PdfOptions {
  return {
    loadImage: () => Promise.resolve(null),
    onProgress: () => {},
    signal: new AbortController().signal,
    ...options,
  };
}

/** A slow stream that counts what is written to it while it is full. */
class CarefulSink extends Writable {
  writes = 0;
  writesWhileFull = 0;

  constructor() {
    super({ highWaterMark: 1_000, write: (_chunk, _encoding, done) => setImmediate(done) });
  }

  override write(chunk: unknown): boolean {
    this.writes += 1;
    if (this.writableNeedDrain) this.writesWhileFull += 1;
    return super.write(chunk);
  }
}

function sink(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

describe('progress', () => {
  test('is reported for each page, only increases, and ends at 1', async () => {
    const reported: { page: number; fraction: number }[] = [];
    const onProgress: PdfOptions['onProgress'] = (progress) => reported.push(progress);
    const { pages } = await renderPdf(study(body), optionsWith({ out: sink(), onProgress }));
    expect(reported.length).toBeGreaterThanOrEqual(pages - 1);
    for (const [index, { page, fraction }] of reported.entries()) {
      const before = reported[index - 1] ?? { page: 0, fraction: 0 };
      expect(fraction).toBeGreaterThanOrEqual(before.fraction);
      expect(page).toBeGreaterThanOrEqual(before.page);
    }
    expect(reported[Math.floor(reported.length / 2)]?.fraction).toBeGreaterThan(0.3);
    expect(reported.at(-1)).toEqual({ page: pages, fraction: 1 });
  });

  test.each([
    ['a list', '- item of a list\n'.repeat(400)],
    ['a code block', `\`\`\`\n${'line of code\n'.repeat(1_000)}\`\`\``],
    ['a paragraph', 'words in a paragraph '.repeat(1_500)],
    ['a quotation', '> words in a quotation\n'.repeat(1_500)],
  ])('moves within %s', async (_, markdown) => {
    const fractions: number[] = [];
    const onProgress: PdfOptions['onProgress'] = ({ fraction }) => fractions.push(fraction);
    await renderPdf(study(markdown), optionsWith({ out: sink(), onProgress }));
    expect(new Set(fractions).size).toBeGreaterThan(3);
  });
});

describe('the stream', () => {
  test('receives pages while others are not rendered yet, and is ended', async () => {
    const out = new PassThrough();
    let writtenAtPage10 = 0;
    const rendering = renderPdf(
      study(body),
      optionsWith({
        out,
        onProgress: ({ page }) => {
          if (page === 10) writtenAtPage10 = out.readableLength + read;
        },
      }),
    );
    let read = 0;
    const chunks: AsyncIterable<Buffer> = out;
    for await (const chunk of chunks) read += chunk.length;
    await rendering;
    expect(writtenAtPage10).toBeGreaterThan(5_000);
    expect(out.writableFinished).toBe(true);
  });

  test('is not written to while it is full', async () => {
    const out = new CarefulSink();
    await renderPdf(study(body), optionsWith({ out }));
    expect(out.writes).toBeGreaterThan(10);
    expect(out.writesWhileFull).toBe(0);
  });

  test.each([
    ['fails', new Error('the disk is full')],
    ['is closed', undefined],
  ])('that %s ends the rendering', async (_, error) => {
    const out = sink();
    const onProgress: PdfOptions['onProgress'] = ({ page }) => {
      if (page === 3) out.destroy(error);
    };
    const rendering = renderPdf(study(body), optionsWith({ out, onProgress }));
    await expect(rendering).rejects.toThrow(error?.message ?? 'closed before the PDF was complete');
  });
});

describe('aborting', () => {
  const reason = new Error('cancelled by its owner');

  test('rejects the rendering with the reason and does not change the stream', async () => {
    const abort = new AbortController();
    const out = sink();
    let pages = 0;
    const onProgress: PdfOptions['onProgress'] = ({ page }) => {
      pages = page;
      if (page === 5) abort.abort(reason);
    };
    await expect(renderPdf(study(body), optionsWith({ out, onProgress, signal: abort.signal }))).rejects.toBe(
      reason,
    );
    expect(pages).toBe(5);
    expect(out.destroyed).toBe(false);
    expect(out.writableEnded).toBe(false);
    expect(out.listenerCount('error')).toBe(0);
  });

  test('works before the start', async () => {
    const signal = AbortSignal.abort(reason);
    await expect(renderPdf(study(body), optionsWith({ out: sink(), signal }))).rejects.toBe(reason);
  });

  test('works while an image is awaited', async () => {
    const abort = new AbortController();
    const loadImage = (): Promise<never> => {
      abort.abort(reason);
      return new Promise(() => {});
    };
    const options = optionsWith({ out: sink(), loadImage, signal: abort.signal });
    await expect(renderPdf(study('![a](b.png)'), options)).rejects.toBe(reason);
  });

  test('works while the stream is full', async () => {
    const abort = new AbortController();
    const out = new Writable({
      highWaterMark: 1,
      write: () => abort.abort(reason),
    });
    await expect(renderPdf(study(body), optionsWith({ out, signal: abort.signal }))).rejects.toBe(reason);
  });
});

test('the event loop is not blocked while a long document is rendered', async () => {
  let turns = 0;
  let running = true;
  const turn = (): void => {
    turns += 1;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  const heavy = `${'words **and** marks `here` '.repeat(8)}\n\n`.repeat(150);
  await renderPdf(study(heavy), optionsWith({ out: sink() }));
  running = false;
  expect(turns).toBeGreaterThan(3);
});

test('an invalid date is refused with what would be right', async () => {
  const rendering = renderBytes(study('', { publishedAt: 'last spring' }));
  await expect(rendering).rejects.toThrow('publishedAt is "last spring": expected an ISO 8601 time');
});
