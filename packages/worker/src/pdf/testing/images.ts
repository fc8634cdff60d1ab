import { crc32, deflateSync } from 'node:zlib';

const channelsOf: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const passes: readonly (readonly [x: number, y: number, dx: number, dy: number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

export type PngKind = {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly colorType: number;
  readonly interlaced?: boolean;
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
  /** The filter of each row; 0 and 1 are written. */
  readonly filter?: 0 | 1;
};

/** The sample of a pixel's channel in the images that `png` makes. */
export function sampleAt(x: number, y: number, channel: number, bits: number): number {
  return (x * 7 + y * 13 + channel * 5) % 2 ** Math.min(bits, 8);
}

/** Makes a PNG of a pattern. */
export function png(kind: PngKind): Buffer {
  const { width, height, bits, colorType, interlaced = false, palette, transparency } = kind;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, colorType, 0, 0, interlaced ? 1 : 0], 8);
  const grids = interlaced ? passes : [[0, 0, 1, 1] as const];
  const rows = grids.flatMap(([x0, y0, dx, dy]) => rowsOf(kind, x0, y0, dx, dy));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...(palette === undefined ? [] : [chunk('PLTE', Buffer.from(palette))]),
    ...(transparency === undefined ? [] : [chunk('tRNS', Buffer.from(transparency))]),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function rowsOf(
  { width, height, bits, colorType, filter = 0 }: PngKind,
  x0: number,
  y0: number,
  dx: number,
  dy: number,
): Buffer[] {
  const channels = channelsOf[colorType] ?? 1;
  const rows: Buffer[] = [];
  if (x0 >= width) return rows;
  for (let y = y0; y < height; y += dy) {
    let binary = '';
    for (let x = x0; x < width; x += dx) {
      for (let channel = 0; channel < channels; channel++) {
        const sample = sampleAt(x, y, channel, bits).toString(2).padStart(Math.min(bits, 8), '0');
        binary += bits === 16 ? sample + '00000000' : sample;
      }
    }
    const bytes = binary.padEnd(Math.ceil(binary.length / 8) * 8, '0').match(/.{8}/g) ?? [];
    const row = bytes.map((byte) => Number.parseInt(byte, 2));
    const step = Math.max(1, (bits * channels) >> 3);
    const filtered = filter === 0 ? row : row.map((byte, index) => byte - (row[index - step] ?? 0));
    rows.push(Buffer.from([filter, ...filtered]));
  }
  return rows;
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

/** A JPEG with a size and no samples, which is enough to be embedded. */
export function jpeg(width: number, height: number): Buffer {
  const frame = Buffer.from(
    'ffd8ffc0001108000000000301220002110103110100'.slice(0, 38) + '0311010311ffd9',
    'hex',
  );
  frame.writeUInt16BE(height, 7);
  frame.writeUInt16BE(width, 9);
  return frame;
}
