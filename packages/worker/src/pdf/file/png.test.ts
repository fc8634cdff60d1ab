import { inflateSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { png, sampleAt } from '../testing/images.ts';
import type { PngKind } from '../testing/images.ts';
import { readPng } from './png.ts';

const size = { width: 13, height: 11 };

/** The samples of the pattern in some channels of an image. */
function samples({ width, height, bits }: PngKind, channels: readonly number[]): number[] {
  const all: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) for (const channel of channels) all.push(sampleAt(x, y, channel, bits));
  }
  return all;
}

describe('readPng', () => {
  test.each([8, 16])('separates colour and opacity of %i bits', async (bits) => {
    const kind: PngKind = { ...size, bits, colorType: 6, filter: 1 };
    const image = await readPng(png(kind));
    expect(image).toMatchObject({ ...size, bits: 8, colors: 3, filtered: false });
    expect([...inflateSync(image.data)]).toEqual(samples(kind, [0, 1, 2]));
    expect([...inflateSync(image.opacity ?? Buffer.alloc(0))]).toEqual(samples(kind, [3]));
  });

  test('does not recompress opaque images', async () => {
    const image = await readPng(png({ ...size, bits: 4, colorType: 0 }));
    expect(image).toMatchObject({ bits: 4, colors: 1, filtered: true, opacity: undefined });
  });

  test('reads the opacity of a palette', async () => {
    const kind: PngKind = {
      ...size,
      bits: 2,
      colorType: 3,
      palette: [...Array(12).keys()],
      transparency: [0, 128],
    };
    const image = await readPng(png(kind));
    const expected = samples(kind, [0]).map((index) => [0, 128][index] ?? 255);
    expect([...inflateSync(image.opacity ?? Buffer.alloc(0))]).toEqual(expected);
    expect(image.palette?.length).toBe(12);
  });

  test('reads the transparent colour', async () => {
    const image = await readPng(png({ ...size, bits: 8, colorType: 2, transparency: [0, 1, 0, 2, 0, 3] }));
    expect(image.transparent).toEqual([1, 2, 3]);
  });

  test.each([
    [8, 2, [0, 1, 2]],
    [8, 6, [0, 1, 2]],
    [16, 4, [0]],
  ])('puts an interlaced image of %i bits and colour type %i in order', async (bits, colorType, channels) => {
    const kind: PngKind = { ...size, bits, colorType, interlaced: true };
    expect([...inflateSync((await readPng(png(kind))).data)]).toEqual(samples(kind, channels));
  });

  test('orders interlaced pixels smaller than a byte', async () => {
    const kind: PngKind = { width: 8, height: 8, bits: 4, colorType: 0, interlaced: true };
    const bytes = inflateSync((await readPng(png(kind))).data);
    expect([...bytes].flatMap((byte) => [byte >> 4, byte & 15])).toEqual(samples(kind, [0]));
  });

  test.each([
    ['not a PNG', Buffer.from('hello'), 'not a PNG'],
    ['cut off', png({ ...size, bits: 8, colorType: 2 }).subarray(0, 60), 'end'],
    ['too large', png({ width: 1, height: 1, bits: 8, colorType: 2 }).fill(0x7f, 16, 24), 'pixels'],
    ['without its palette', png({ ...size, bits: 8, colorType: 3 }), 'palette'],
    ['without a size', png({ width: 0, height: 5, bits: 8, colorType: 2 }), 'pixels'],
  ])('rejects what is %s', async (_, bytes, problem) => {
    await expect(readPng(bytes)).rejects.toThrow(problem);
  });
});
