import { once } from 'node:events';
import { createDeflate, createInflate } from 'node:zlib';
import type { Deflate } from 'node:zlib';

/** An image as PDF stores it: deflated samples, and the parameters to decode them. */
export type PngImage = {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly colors: 1 | 3;
  readonly data: Buffer;
  /** The samples still have PNG's row filters. */
  readonly filtered: boolean;
  readonly palette: Buffer | undefined;
  /** The sample values of the transparent colour. */
  readonly transparent: readonly number[] | undefined;
  /** 8 bits of opacity per pixel, compressed. */
  readonly opacity: Buffer | undefined;
};

type Header = { width: number; height: number; bits: number; colorType: number; interlaced: boolean };
type File = { header: Header; palette: Buffer | undefined; transparency: Buffer | undefined; data: Buffer };

const signature = '89504e470d0a1a0a';
const maxPixels = 64e6;
const maxInterlacedPixels = 16e6;
const channelsOf: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Reads a PNG (W3C PNG, third edition). Its rows are inflated as a stream, off the main thread and in
 * constant memory: transparency has to be separated from colour, and damage detected before the image
 * is in the document. Rejects if the image is damaged or larger than 64 megapixels (16 if interlaced).
 */
export async function readPng(bytes: Buffer): Promise<PngImage> {
  const file = readChunks(bytes);
  const { header, palette, transparency } = file;
  const { width, height, bits, colorType, interlaced } = header;
  const colors = colorType === 2 || colorType === 6 ? 3 : 1;
  const split = colorType === 4 || colorType === 6;
  const translucent = colorType === 3 && transparency !== undefined;
  const samples = split || interlaced ? new Packer() : undefined;
  const opacity = split || translucent ? new Packer() : undefined;
  for await (const rows of rowsOf(file)) {
    await samples?.add(split ? everyChannel(rows, bits / 8, colors, 0, colors + 1) : rows);
    if (split) await opacity?.add(everyChannel(rows, bits / 8, 1, colors, colors + 1));
    else if (translucent) await opacity?.add(opacityOfIndexes(rows, header, transparency));
  }
  return {
    width,
    height,
    bits: split ? 8 : bits,
    colors,
    data: samples === undefined ? file.data : await samples.end(),
    filtered: samples === undefined,
    palette: colorType === 3 ? palette : undefined,
    transparent: colorType === 0 || colorType === 2 ? transparentSamples(transparency, colors) : undefined,
    opacity: await opacity?.end(),
  };
}

function readChunks(bytes: Buffer): File {
  if (bytes.toString('hex', 0, 8) !== signature) throw new Error('not a PNG image');
  let header: Header | undefined;
  let palette: Buffer | undefined;
  let transparency: Buffer | undefined;
  const data: Buffer[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const chunk = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = readHeader(chunk);
    if (type === 'PLTE') palette = chunk;
    if (type === 'tRNS') transparency = chunk;
    if (type === 'IDAT') data.push(chunk);
    at += 12 + length;
  }
  if (header === undefined) throw new Error('a PNG image without a header');
  if (header.colorType === 3 && palette === undefined) throw new Error('a PNG image without its palette');
  return { header, palette, transparency, data: Buffer.concat(data) };
}

function readHeader(chunk: Buffer): Header {
  const width = chunk.readUInt32BE(0);
  const height = chunk.readUInt32BE(4);
  const [bits = 0, colorType = 0, , , interlace = 0] = chunk.subarray(8);
  const interlaced = interlace === 1;
  const allowed = colorType === 0 ? [1, 2, 4, 8, 16] : colorType === 3 ? [1, 2, 4, 8] : [8, 16];
  if (channelsOf[colorType] === undefined || !allowed.includes(bits))
    throw new Error('an unknown kind of PNG image');
  const limit = interlaced ? maxInterlacedPixels : maxPixels;
  if (width * height === 0 || width * height > limit)
    throw new Error(`a PNG image of ${width} × ${height} pixels`);
  return { width, height, bits, colorType, interlaced };
}

/** The unfiltered rows of an image, in batches. */
async function* rowsOf({ header, data }: File): AsyncGenerator<Buffer> {
  const { width, height, interlaced } = header;
  const reader = new RowReader(header);
  if (interlaced) {
    const raster = new Raster(header);
    for (const pass of adam7) {
      const size = passSize(pass, width, height);
      if (size.width > 0 && size.height > 0)
        reader.expect(size.width, size.height, (row, y) => raster.set(pass, row, y));
    }
    for await (const chunk of inflatedChunks(data)) if (reader.read(chunk)) break;
    reader.check();
    yield raster.rows;
    return;
  }
  let rows: Buffer[] = [];
  reader.expect(width, height, (row) => rows.push(row));
  for await (const chunk of inflatedChunks(data)) {
    const complete = reader.read(chunk);
    yield Buffer.concat(rows);
    rows = [];
    if (complete) break;
  }
  reader.check();
}

function inflatedChunks(data: Buffer): AsyncIterable<Buffer> {
  const inflate = createInflate({ chunkSize: 65_536 });
  inflate.end(data);
  return inflate;
}

type Expected = { width: number; rows: number; take: (row: Buffer, y: number) => void };

/** Cuts inflated data into rows and undoes their filters. */
class RowReader {
  readonly #bitsPerPixel: number;
  readonly #expected: Expected[] = [];
  #row = Buffer.alloc(0);
  #filled = 0;
  #above = Buffer.alloc(0);
  #y = 0;

  constructor({ bits, colorType }: Header) {
    this.#bitsPerPixel = bits * (channelsOf[colorType] ?? 1);
  }

  expect(width: number, rows: number, take: Expected['take']): void {
    this.#expected.push({ width, rows, take });
    if (this.#expected.length === 1) this.#start();
  }

  /** Reads some data; true when all rows are complete. */
  read(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length && this.#expected.length > 0) {
      const copied = chunk.copy(this.#row, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === this.#row.length) this.#finishRow();
    }
    return this.#expected.length === 0;
  }

  check(): void {
    if (this.#expected.length > 0) throw new Error('a PNG image that ends too early');
  }

  #start(): void {
    const [next] = this.#expected;
    if (next === undefined) return;
    this.#row = Buffer.alloc(1 + Math.ceil((next.width * this.#bitsPerPixel) / 8));
    this.#above = Buffer.alloc(this.#row.length - 1);
    this.#filled = 0;
    this.#y = 0;
  }

  #finishRow(): void {
    const [current] = this.#expected;
    if (current === undefined) return;
    const row = this.#row.subarray(1);
    unfilter(this.#row[0] ?? 0, row, this.#above, Math.max(1, this.#bitsPerPixel >> 3));
    current.take(row, this.#y++);
    if (this.#y === current.rows) {
      this.#expected.shift();
      this.#start();
    } else {
      this.#above = row;
      this.#row = Buffer.alloc(this.#row.length);
      this.#filled = 0;
    }
  }
}

function unfilter(filter: number, row: Buffer, above: Buffer, step: number): void {
  if (filter > 4) throw new Error('a PNG image with an unknown row filter');
  for (let at = 0; at < row.length; at++) {
    const left = at < step ? 0 : (row[at - step] ?? 0);
    const up = above[at] ?? 0;
    let guess = 0;
    if (filter === 1) guess = left;
    else if (filter === 2) guess = up;
    else if (filter === 3) guess = (left + up) >> 1;
    else if (filter === 4) guess = paeth(left, up, at < step ? 0 : (above[at - step] ?? 0));
    row[at] = (row[at] ?? 0) + guess;
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const toLeft = Math.abs(guess - left);
  const toUp = Math.abs(guess - up);
  const toCorner = Math.abs(guess - corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

// The passes of an interlaced image: where each starts, and how far apart its pixels are.
const adam7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];
type Pass = (typeof adam7)[number];

function passSize({ x, y, dx, dy }: Pass, width: number, height: number): { width: number; height: number } {
  return { width: Math.ceil((width - x) / dx), height: Math.ceil((height - y) / dy) };
}

/** Puts the pixels of interlaced passes into their positions. */
class Raster {
  readonly rows: Buffer;
  readonly #stride: number;
  readonly #bits: number;
  readonly #width: number;

  constructor({ width, height, bits, colorType }: Header) {
    this.#bits = bits * (channelsOf[colorType] ?? 1);
    this.#width = width;
    this.#stride = Math.ceil((width * this.#bits) / 8);
    this.rows = Buffer.alloc(this.#stride * height);
  }

  set(pass: Pass, row: Buffer, passY: number): void {
    const start = (pass.y + passY * pass.dy) * this.#stride;
    const bytes = this.#bits >> 3;
    let index = 0;
    for (let x = pass.x; x < this.#width; x += pass.dx, index++) {
      if (bytes > 0) row.copy(this.rows, start + x * bytes, index * bytes, (index + 1) * bytes);
      else this.#setBits(start, x, bitsAt(row, index, this.#bits));
    }
  }

  #setBits(start: number, x: number, value: number): void {
    const at = x * this.#bits;
    const byte = start + (at >> 3);
    this.rows[byte] = (this.rows[byte] ?? 0) | (value << (8 - this.#bits - (at & 7)));
  }
}

function bitsAt(row: Buffer, index: number, bits: number): number {
  const at = index * bits;
  return ((row[at >> 3] ?? 0) >> (8 - bits - (at & 7))) & ((1 << bits) - 1);
}

/** The high byte of `count` channels of each pixel, from channel `first` on. */
function everyChannel(rows: Buffer, bytes: number, count: number, first: number, channels: number): Buffer {
  const pixels = rows.length / (bytes * channels);
  const samples = Buffer.allocUnsafe(pixels * count);
  let to = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < count; channel++) {
      samples[to++] = rows[(pixel * channels + first + channel) * bytes] ?? 0;
    }
  }
  return samples;
}

function opacityOfIndexes(rows: Buffer, { width, bits }: Header, transparency: Buffer): Buffer {
  const stride = Math.ceil((width * bits) / 8);
  const opacity = Buffer.allocUnsafe((rows.length / stride) * width);
  let to = 0;
  for (let start = 0; start < rows.length; start += stride) {
    const row = rows.subarray(start, start + stride);
    for (let x = 0; x < width; x++) opacity[to++] = transparency[bitsAt(row, x, bits)] ?? 255;
  }
  return opacity;
}

function transparentSamples(transparency: Buffer | undefined, colors: number): number[] | undefined {
  if (transparency === undefined || transparency.length < colors * 2) return undefined;
  return Array.from({ length: colors }, (_, color) => transparency.readUInt16BE(color * 2));
}

/** Compresses samples as a stream. */
class Packer {
  readonly #deflate: Deflate = createDeflate();
  readonly #packed: Buffer[] = [];

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => this.#packed.push(chunk));
  }

  async add(samples: Buffer): Promise<void> {
    if (!this.#deflate.write(samples)) await once(this.#deflate, 'drain');
  }

  async end(): Promise<Buffer> {
    const ended = once(this.#deflate, 'end');
    this.#deflate.end();
    await ended;
    return Buffer.concat(this.#packed);
  }
}
