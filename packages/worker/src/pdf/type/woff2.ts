import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

const inflate = promisify(brotliDecompress);

// Tags that WOFF2 encodes as a number (W3C WOFF2, section 4.1), in the order of those numbers.
const knownTags =
  'cmap head hhea hmtx maxp name OS/2 post cvt_ fpgm glyf loca prep CFF_ VORG EBDT EBLC gasp hdmx kern LTSH PCLT ' +
  'VDMX vhea vmtx BASE GDEF GPOS GSUB EBSC JSTF MATH CBDT CBLC COLR CPAL SVG_ sbix acnt avar bdat bloc bsln cvar ' +
  'fdsc feat fmtx fvar gvar hsty just lcar mort morx opbd prop trak Zapf Silf Glat Gloc Feat Sill';
const tags = knownTags.split(' ').map((tag) => tag.replace('_', ' '));

/**
 * Unpacks a WOFF2 font with PostScript outlines to plain OpenType, off the main thread: the font library
 * would inflate it in JavaScript, which blocks the event loop for a second with a Chinese font.
 * Throws on a font whose tables are transformed (TrueType outlines).
 */
export async function unpackWoff2(woff2: Buffer): Promise<Buffer> {
  const tableCount = woff2.readUInt16BE(12);
  const compressedSize = woff2.readUInt32BE(20);
  let position = 48;
  const tables: { tag: string; length: number }[] = [];
  for (let index = 0; index < tableCount; index++) {
    const flags = woff2.readUInt8(position++);
    let tag = tags[flags & 63];
    if (tag === undefined) {
      tag = woff2.toString('latin1', position, position + 4);
      position += 4;
    }
    if (tag === 'glyf' || flags >> 6 !== 0) throw new Error(`WOFF2 table ${tag} is transformed`);
    let length = 0;
    for (let more = true; more;) {
      const byte = woff2.readUInt8(position++);
      length = length * 128 + (byte & 127);
      more = byte > 127;
    }
    tables.push({ tag, length });
  }
  const data = await inflate(woff2.subarray(position, position + compressedSize));
  return assemble(woff2.subarray(4, 8), tables, data);
}

function assemble(flavor: Buffer, tables: { tag: string; length: number }[], data: Buffer): Buffer {
  const directory = Buffer.alloc(12 + 16 * tables.length);
  flavor.copy(directory);
  directory.writeUInt16BE(tables.length, 4);
  const parts: Buffer[] = [directory];
  let from = 0;
  let offset = directory.length;
  for (const [index, { tag, length }] of tables.entries()) {
    const record = 12 + 16 * index;
    directory.write(tag, record, 'latin1');
    directory.writeUInt32BE(offset, record + 8);
    directory.writeUInt32BE(length, record + 12);
    const padding = Buffer.alloc(-length & 3);
    parts.push(data.subarray(from, from + length), padding);
    from += length;
    offset += length + padding.length;
  }
  return Buffer.concat(parts);
}
