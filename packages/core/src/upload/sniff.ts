/** How many bytes of a file are read to detect its type. */
export const sniffBytes = 4096;

const signatures: [type: string, signature: string | number[], offset?: number][] = [
  ['application/pdf', '%PDF-'],
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', 'GIF8'],
  ['image/webp', 'WEBP', 8],
  ['application/zip', [0x50, 0x4b, 0x03, 0x04]],
  ['application/gzip', [0x1f, 0x8b]],
  ['application/x-bzip2', 'BZh'],
  ['application/x-xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['application/zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['application/x-7z-compressed', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['application/x-tar', 'ustar', 257],
  ['application/vnd.sqlite3', 'SQLite format 3\0'],
  ['application/wasm', [0x00, 0x61, 0x73, 0x6d]],
  ['application/x-elf', [0x7f, 0x45, 0x4c, 0x46]],
  ['video/mp4', 'ftyp', 4],
  ['video/webm', [0x1a, 0x45, 0xdf, 0xa3]],
];

/**
 * Text types that cannot be told apart by their first bytes: the declared one is accepted. None is active content, as XML
 * is: browsers run the scripts and follow the style sheets of any XML.
 */
const textTypes =
  /^(text\/(csv|markdown|plain|tab-separated-values|x-[\w-]+)|application\/(json|yaml|toml))$/;

/**
 * The media type of a file by its first bytes. Text has the declared type if that is a harmless text type, otherwise
 * `text/plain`; unknown bytes are `application/octet-stream`.
 */
export function sniffType(head: Uint8Array, declared: string): string {
  const found = signatures.find(([, signature, offset = 0]) => {
    const expected = Buffer.from(signature as string);
    return expected.equals(head.subarray(offset, offset + expected.length));
  });
  if (found) return found[0];
  if (!isText(head)) return 'application/octet-stream';
  const [type] = declared.toLowerCase().split(';');
  return textTypes.test(type!) ? type! : 'text/plain';
}

function isText(head: Uint8Array): boolean {
  if (head.includes(0)) return false;
  try {
    // As a stream: the last character may be cut off.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
