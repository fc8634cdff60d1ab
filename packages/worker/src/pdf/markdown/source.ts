const enoughCharacters = 5_000;
export const tooManyCharacters = 10_000;

const listMarker = /^(?:[-+*]|\d{1,9}[.)])(?:[ \t\n]|$)/;

/** Each level costs room on the stack, and time for each line that is read inside of it. */
const mostLevels = 100;

/**
 * Prepares Markdown for being cut: line ends are made alike, and a mark that would open a list or quotation inside of
 * a hundred others is shown as text, its line indented no further than them.
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

/** Where the first mark stands that may be too deep, as two columns of indentation may be a level; -1 if none is. */
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
 * Where the portion that starts at `start` may end: at the last sure boundary between top-level blocks
 * within reach, or else at the first one beyond. Only an open fence or raw HTML can make it wrong.
 */
export function portionEnd(source: string, start: number): number {
  let best = -1;
  let blank = source.indexOf('\n\n', start);
  while (blank !== -1) {
    let line = blank + 2;
    while (source[line] === '\n') line += 1;
    if (line - start > enoughCharacters && best !== -1) return best;
    if (startsBlock(source, line)) {
      if (line - start > enoughCharacters) return line;
      best = line;
    }
    blank = source.indexOf('\n\n', line - 1);
  }
  return source.length - start > enoughCharacters && best !== -1 ? best : source.length;
}

/**
 * Cuts a list at its outermost items, and a quotation or a run of link definitions at its lines. Anything else
 * that is too long is cut between two words, outside of markup as far as that can be seen: it costs a
 * paragraph break there, and bounds how long one step of parsing takes.
 */
export function cutLongBlock(source: string, start: number, end: number): number {
  const head = source.slice(start, start + 400);
  if (listMarker.test(head)) return lineMatching(source, start, end, listMarker);
  const definition = /^\[[^\]\n]+\]:/;
  if (definition.test(head)) return lineMatching(source, start, end, definition);
  if (head.startsWith('>')) return cutQuote(source, start, end);
  return betweenWords(source, start, end);
}

function lineMatching(source: string, start: number, end: number, pattern: RegExp): number {
  let line = source.indexOf('\n', start + enoughCharacters) + 1;
  while (line > 0 && line < end) {
    if (pattern.test(source.slice(line, line + 400))) return line;
    line = source.indexOf('\n', line) + 1;
  }
  return end;
}

/** Between two paragraphs of a quotation if there are any soon, or else between two lines. */
function cutQuote(source: string, start: number, end: number): number {
  const blank = lineMatching(source, start, end, /^>[ \t]*\n/);
  return blank - start < 2 * tooManyCharacters ? blank : lineMatching(source, start, end, /^>/);
}

/** The end of a word at which no emphasis, code, link or tag seems to be open, or else of any word. */
function betweenWords(source: string, start: number, end: number): number {
  const latest = Math.min(end, start + tooManyCharacters);
  const counts = new Map<string, number>();
  let cut = -1;
  for (let at = start; at < latest; at++) {
    const character = source.charAt(at);
    if ('*_~`[]()<>'.includes(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
    if (at - start < enoughCharacters || !/[\s。，、；！？]/.test(character)) continue;
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

// Raw HTML that may hold blank lines, by its start, and what ends it (CommonMark 0.31, HTML blocks 1 to 5).
const htmlKinds: readonly { start: RegExp; end: RegExp }[] = [
  { start: /^ {0,3}<(?:script|pre|style|textarea)(?:\s|>|$)/i, end: /<\/(?:script|pre|style|textarea)>/i },
  { start: /^ {0,3}<!--/, end: /-->/ },
  { start: /^ {0,3}<\?/, end: /\?>/ },
  { start: /^ {0,3}<![a-z]/i, end: />/ },
  { start: /^ {0,3}<!\[CDATA\[/, end: /\]\]>/ },
];

/** What closes the fence that a line opens, or undefined when it opens none. */
export function closingFence(firstLine: string): RegExp | undefined {
  const marker = fence.exec(firstLine)?.[1];
  return marker === undefined
    ? undefined
    : new RegExp(`^ {0,3}${marker.charAt(0)}{${marker.length},}[ \\t]*$`);
}

/**
 * Where a top-level fence or raw HTML that starts on the line at `start` ends in the whole source, or
 * undefined when neither starts there.
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

/** The start of the line after the one that holds `at`. */
export function lineEnd(source: string, at: number): number {
  const feed = source.indexOf('\n', at);
  return feed === -1 ? source.length : feed + 1;
}

const delimiterRow = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\n?$/;

/** The header and delimiter rows of a table that seems to start at `start`, or undefined. */
export function tableHead(source: string, start: number): string | undefined {
  const second = lineEnd(source, start);
  const third = lineEnd(source, second);
  const delimiter = source.slice(second, third);
  const head = source.slice(start, third);
  return delimiterRow.test(delimiter) && delimiter.includes('|') && head.length < 4_000 ? head : undefined;
}

/** Where the batch of table rows ends that starts at `start`: at a blank line, or when there are enough. */
export function rowsEnd(source: string, start: number): number {
  let line = start;
  while (line < source.length && line - start < enoughCharacters) {
    if (source.slice(line, lineEnd(source, line)).trim() === '') break;
    line = lineEnd(source, line);
  }
  return line;
}
