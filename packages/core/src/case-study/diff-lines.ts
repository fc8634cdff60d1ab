import { OMIT_HEADERS, formatPatch, structuredPatch } from 'diff';

/** Splitting this many lines takes about 20 ms, during which the process serves nobody. */
const maxLines = 100_000;
/** Lines that are removed or added. The work grows with the square of this. */
const maxEdits = 1_000;
const context = 3;

/**
 * A unified diff of the lines of two texts; null for texts that are too large and too different. The event loop runs
 * between its steps.
 */
export async function diffLines(before: string, after: string): Promise<string | null> {
  if (countLines(before) + countLines(after) > maxLines) return null;
  const { promise, resolve } = Promise.withResolvers<Parameters<typeof formatPatch>[0] | undefined>();
  const options = { context, maxEditLength: maxEdits, callback: resolve };
  structuredPatch('before', 'after', before, after, undefined, undefined, options);
  const patch = await promise;
  return patch ? formatPatch(patch, OMIT_HEADERS) : null;
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
