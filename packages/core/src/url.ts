import { domainToUnicode } from 'node:url';
import { boundedString, directionControls } from './text.ts';

/** White space, control characters and backslashes: parsers skip them, change them, or end the host at them. */
const oddCharacters = new RegExp(String.raw`[\s\p{Cc}\\${directionControls}]`, 'u');

/** Whether a URL is written so that parsers by WHATWG and by RFC 3986 divide it alike, and names no user. */
export function isPlainUrl(value: string): boolean {
  return (
    value.isWellFormed() &&
    !oddCharacters.test(value) &&
    /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]+([/?#]|$)/i.test(value)
  );
}

/** The error for a URL that is not plain. */
export const plainUrlError =
  'Expected a URL that begins with https:// and contains no credentials, spaces, backslashes or control characters.';

/** An absolute https URL without credentials, of which all parsers find the same host, stored as it was sent. */
export const httpsUrl = boundedString(2000)
  .refine((value) => isPlainUrl(value) && URL.parse(value)?.protocol === 'https:', {
    error: plainUrlError,
    abort: true,
  })
  .refine(hasPlainHost, {
    error: ({ input }) =>
      `Expected a host that is written as it is looked up: "${new URL(String(input)).hostname}".`,
  })
  .meta({ format: 'uri' });

/** Letters that the two versions of IDNA convert differently. */
const ambiguousLetters = /[ßς\u200c\u200d]/u;

/** Whether the host is the one that is looked up, and not converted to it from digits, full-width letters or escapes. */
function hasPlainHost(value: string): boolean {
  const host = /^https:\/\/([^/?#]+?)(:\d*)?([/?#]|$)/i.exec(value)?.[1]?.toLowerCase();
  const { hostname } = new URL(value);
  if (host === undefined || ambiguousLetters.test(host)) return false;
  return host === hostname || host === domainToUnicode(hostname);
}
