const enoughCharacters = 5_000;
const tooManyCharacters = 10_000;

/**
 * The parser compares each of these marks with those before it: a text with many of them is cut earlier, as if each took
 * the place of ten characters.
 */
const slowMarks = new Set('*_~[]');
const slowMarkWeight = 10;

/** The position at which a part of the source has a weight of more than `enough` characters; `end` if it has not. */
function heavyFrom(source: string, start: number, end: number, enough: number): number {
  let weight = 0;
  for (let at = start; at < end; at++) {
    weight += slowMarks.has(source.charAt(at)) ? slowMarkWeight : 1;
    if (weight > enough) return at;
  }
  return end;
}

/** Whether a block takes too long to be parsed in one step. */
export const isTooLong = (source: string, start: number, end: number): boolean =>
  heavyFrom(source, start, end, tooManyCharacters) < end;

const listMarker = /^(?:[-+*]|\d{1,9}[.)])(?:[ \t\n]|$)/;

/** Each level takes stack space, and time for each line inside of it. */
const mostLevels = 100;

/**
 * Prepares Markdown for cutting: normalises line ends, and escapes a mark that would open a list or quotation inside of
 * a hundred others, with its line indented no further than those.
 */
export function normalizeSource(markdown: string): string {
  const lines = markdown.replace(/\r\n?/g, '\n');
  return lines.replace(/^[ \t>*+\-\d].{100,}/gm, (line) => {
    const at = deepMark(line);
    if (at === -1) return line;
    const marks = line.slice(0, at).replace(/^[ \t]{201,}/, ' '.repeat(2 * mostLevels));
    return `${marks}\\${line.slice(at)}`;
  });
}

const levelToken = /([ \t]+)|(>)|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])/y;

/** The position of the first mark that may be nested too deep, counting two columns of indentation as a level; or -1. */
function deepMark(line: string): number {
  let levels = 0;
  let padded = false;
  levelToken.lastIndex = 0;
  for (let at = 0; at < line.length; at = levelToken.lastIndex) {
    const [token, space, quote] = levelToken.exec(line) ?? [];
    if (token === undefined) return -1;
    if (space === undefined) {
      if (levels >= mostLevels) return at;
      levels += 1;
    } else if (!padded) {
      levels += Math.floor(space.replaceAll('\t', '    ').length / 2);
    }
    padded = space === undefined && quote === undefined;
  }
  return -1;
}

/** Whether a line that follows a blank one certainly starts a new top-level block. */
function startsBlock(source: string, lineStart: number): boolean {
  const first = source[lineStart];
  if (first === undefined || first === ' ' || first === '\t' || first === '\n') return false;
  return !listMarker.test(source.slice(lineStart, lineStart + 12));
}

/**
 * The end of the portion that starts at `start`: the last certain boundary of top-level blocks within the maximum length,
 * or else the first one after it. It can be wrong only inside of a fence or raw HTML.
 */
export function portionEnd(source: string, start: number): number {
  let best = -1;
  const enough = heavyFrom(source, start, source.length, enoughCharacters);
  let blank = source.indexOf('\n\n', start);
  while (blank !== -1) {
    let line = blank + 2;
    while (source[line] === '\n') line += 1;
    if (line > enough && best !== -1) return best;
    if (startsBlock(source, line)) {
      if (line > enough) return line;
      best = line;
    }
    blank = source.indexOf('\n\n', line - 1);
  }
  return source.length > enough && best !== -1 ? best : source.length;
}

/**
 * Cuts a list at its outermost items, and a quotation or a series of link definitions at its lines. Any other block that is
 * too long is cut between two words, outside of markup as far as possible: this adds a paragraph break, and bounds the time
 * of a parsing step.
 */
export function cutLongBlock(source: string, start: number, end: number): number {
  const head = source.slice(start, start + 400);
  if (listMarker.test(head)) return lineMatching(source, start, end, listMarker);
  const definition = /^\[[^\]\n]+\]:/;
  const indentedCode = /^(?: {4}|\t)/;
  if (definition.test(head)) return lineMatching(source, start, end, definition);
  if (head.startsWith('>')) return cutQuote(source, start, end);
  if (indentedCode.test(head)) return lineMatching(source, start, end, indentedCode);
  return betweenWords(source, start, end);
}

function lineMatching(source: string, start: number, end: number, pattern: RegExp): number {
  let line = source.indexOf('\n', heavyFrom(source, start, end, enoughCharacters)) + 1;
  while (line > 0 && line < end) {
    if (pattern.test(source.slice(line, line + 400))) return line;
    line = source.indexOf('\n', line) + 1;
  }
  return end;
}

/** A position between two paragraphs of a quotation if there is one nearby, or else between two lines. */
function cutQuote(source: string, start: number, end: number): number {
  const blank = lineMatching(source, start, end, /^>[ \t]*\n/);
  return blank - start < 2 * tooManyCharacters ? blank : lineMatching(source, start, end, /^>/);
}

/** The end of a word outside of emphasis, code, links and tags if possible, or else of any word. */
function betweenWords(source: string, start: number, end: number): number {
  const enough = heavyFrom(source, start, end, enoughCharacters);
  const latest = heavyFrom(source, start, end, tooManyCharacters);
  const counts = new Map<string, number>();
  let cut = -1;
  for (let at = start; at < latest; at++) {
    const character = source.charAt(at);
    if ('*_~`[]()<>'.includes(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
    if (at < enough || !/[\s。，、；！？]/.test(character)) continue;
    if (!/\p{L}/u.test(source.charAt(at + 1))) continue;
    cut = at + 1;
    if (balanced(counts)) break;
  }
  if (cut !== -1) return cut;
  return /[\ud800-\udbff]/.test(source.charAt(latest - 1)) ? latest - 1 : latest;
}

function balanced(counts: ReadonlyMap<string, number>): boolean {
  const count = (mark: string): number => counts.get(mark) ?? 0;
  const even = ['*', '_', '~', '`'].every((mark) => count(mark) % 2 === 0);
  return even && ['[]', '()', '<>'].every(([open = '', close = '']) => count(open) === count(close));
}

const fence = /^ {0,3}(`{3,}|~{3,})/;

// The starts and ends of raw HTML that may contain blank lines (CommonMark 0.31, HTML blocks 1 to 5).
const htmlKinds: readonly { start: RegExp; end: RegExp }[] = [
  { start: /^ {0,3}<(?:script|pre|style|textarea)(?:\s|>|$)/i, end: /<\/(?:script|pre|style|textarea)>/i },
  { start: /^ {0,3}<!--/, end: /-->/ },
  { start: /^ {0,3}<\?/, end: /\?>/ },
  { start: /^ {0,3}<![a-z]/i, end: />/ },
  { start: /^ {0,3}<!\[CDATA\[/, end: /\]\]>/ },
];

/** The pattern that closes the fence that a line opens; undefined if it opens none. */
export function closingFence(firstLine: string): RegExp | undefined {
  const marker = fence.exec(firstLine)?.[1];
  return marker === undefined
    ? undefined
    : new RegExp(`^ {0,3}${marker.charAt(0)}{${marker.length},}[ \\t]*$`);
}

/**
 * The end in the source of the top-level fence or raw HTML that starts on the line at `start`; undefined if none starts
 * there.
 */
export function endOfOpenBlock(source: string, start: number): number | undefined {
  const firstLine = source.slice(start, lineEnd(source, start));
  const closing = closingFence(firstLine);
  if (closing !== undefined) return endOfLineMatching(source, lineEnd(source, start), closing);
  const kind = htmlKinds.find((candidate) => candidate.start.test(firstLine));
  return kind === undefined ? undefined : endOfLineMatching(source, start, kind.end);
}

function endOfLineMatching(source: string, start: number, pattern: RegExp): number {
  for (let line = start; line < source.length; line = lineEnd(source, line)) {
    if (pattern.test(source.slice(line, lineEnd(source, line)).trimEnd())) return lineEnd(source, line);
  }
  return source.length;
}

/** The start of the line after the one with position `at`. */
export function lineEnd(source: string, at: number): number {
  const feed = source.indexOf('\n', at);
  return feed === -1 ? source.length : feed + 1;
}

const delimiterRow = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\n?$/;

/** The header and delimiter rows of the table that seems to start at `start`; undefined if there is none. */
export function tableHead(source: string, start: number): string | undefined {
  const second = lineEnd(source, start);
  const third = lineEnd(source, second);
  const delimiter = source.slice(second, third);
  const head = source.slice(start, third);
  return delimiterRow.test(delimiter) && delimiter.includes('|') && head.length < 4_000 ? head : undefined;
}

/** The end of the batch of table rows that starts at `start`: a blank line, or the maximum number of rows. */
export function rowsEnd(source: string, start: number): number {
  let line = start;
  while (line < source.length && line - start < enoughCharacters) {
    if (source.slice(line, lineEnd(source, line)).trim() === '') break;
    line = lineEnd(source, line);
  }
  return line;
}
