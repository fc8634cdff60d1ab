import { OPS } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { describe, expect, test } from 'vitest';

import { jpeg, png } from './testing/images.ts';
import { readPdf } from './testing/read.ts';
import type { ReadPdf } from './testing/read.ts';
import { renderBytes, study } from './testing/render.ts';

const images = new Map<string, Uint8Array>([
  ['photo.jpg', jpeg(640, 480)],
  ['plain.png', png({ width: 40, height: 20, bits: 8, colorType: 2 })],
  ['clear.png', png({ width: 40, height: 20, bits: 8, colorType: 6 })],
  ['huge.png', png({ width: 3, height: 9_000, bits: 8, colorType: 0 })],
  ['broken.png', png({ width: 40, height: 20, bits: 8, colorType: 2 }).subarray(0, 70)],
  ['broken.jpg', jpeg(640, 480).subarray(0, 4)],
  ['page.gif', Buffer.from('GIF89a...')],
]);

function loadImage(url: string): Promise<Uint8Array | null> {
  return Promise.resolve(images.get(url) ?? null);
}

async function render(markdown: string): Promise<ReadPdf> {
  return await readPdf(await renderBytes(study(markdown), { loadImage }));
}

async function imageCount({ document }: ReadPdf): Promise<number> {
  let count = 0;
  for (let number = 1; number <= document.numPages; number++) {
    const { fnArray } = await (await document.getPage(number)).getOperatorList();
    count += fnArray.filter((operator) => operator === OPS.paintImageXObject).length;
  }
  return count;
}

describe('images', () => {
  test.each(['photo.jpg', 'plain.png', 'clear.png', 'huge.png'])(
    '%s is drawn with its alternative text below',
    async (url) => {
      const pdf = await render(`![What it shows](${url})`);
      expect(await imageCount(pdf)).toBe(1);
      expect(pdf.packed).toMatch(/Whatitshows$/);
    },
  );

  test('images appear in text, links, table cells and lists', async () => {
    const cell = '![cell](clear.png)';
    const pdf = await render(
      `Text ![inline](plain.png) goes on.\n\n[![linked](photo.jpg)](https://example.com)\n\n| a |\n|---|\n| ${cell} |\n\n- ![item](plain.png)`,
    );
    expect(await imageCount(pdf)).toBe(4);
    expect(pdf.packed).toContain('Textgoeson.');
  });

  test.each(['gone.png', 'broken.png', 'broken.jpg', 'page.gif'])(
    '%s is replaced by a frame with its text and URL',
    async (url) => {
      const pdf = await render(`Before.\n\n![What it would show](${url})\n\nIn text ![small](${url}) too.`);
      expect(await imageCount(pdf)).toBe(0);
      expect(pdf.packed).toContain(`Imagenotavailable:Whatitwouldshow${url}`);
      expect(pdf.packed).toContain(`Imagenotavailable:small${url}`);
    },
  );

  test('an image that is shown several times is loaded once', async () => {
    const loaded: string[] = [];
    await renderBytes(study('![a](x.png)\n\n![b](x.png) ![c](y.png)'), {
      loadImage: (url) => {
        loaded.push(url);
        return Promise.resolve(null);
      },
    });
    expect(loaded).toEqual(['x.png', 'y.png']);
  });

  test('an error of the image loader rejects the rendering', async () => {
    const failing = { loadImage: () => Promise.reject(new Error('the bucket is unavailable')) };
    await expect(renderBytes(study('![a](x.png)'), failing)).rejects.toThrow('the bucket is unavailable');
  });
});
