import { AppError } from '@portfolio/core/errors';

/** Inputs of operations are at most 8 levels deep. */
const maxDepth = 32;
/** More than twice what the largest input has, which is 5,000 samples. So many are parsed in about 15 ms. */
const maxParts = 100_000;

const [quote, backslash, comma, openArray, closeArray, openObject, closeObject] = Buffer.from('"\\,[]{}');

/**
 * Throws `malformed_request` for JSON that is deep or has very many parts: a few megabytes of brackets or names take
 * seconds to parse, during which the process serves nobody. Reads until the first bound that is exceeded.
 */
export function requireBoundedJson(bytes: Buffer): void {
  let depth = 0;
  let parts = 0;
  for (let at = 0; at >= 0 && at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === closeArray || byte === closeObject) depth -= 1;
    if (byte !== quote && byte !== comma && byte !== openArray && byte !== openObject) continue;
    parts += 1;
    if (parts > maxParts) throw refused(`${maxParts.toLocaleString('en')} names, values and separators`);
    if (byte === quote) at = endOfString(bytes, at + 1);
    else if (byte !== comma && ++depth > maxDepth) throw refused(`${maxDepth} levels`);
  }
}

/** The place of the quotation mark that ends a string, or of the end of the bytes. */
function endOfString(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(quote!, start);
  if (end < 0) return bytes.length;
  if (bytes[end - 1] !== backslash) return end;
  let at = start;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

const refused = (bound: string) => new AppError('malformed_request', `Expected JSON of at most ${bound}.`);
