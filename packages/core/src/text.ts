import { z } from 'zod';

/**
 * A string whose further checks see no more than so many characters: patterns on megabytes block the process or overflow
 * its stack.
 */
export function boundedString(maxCharacters: number) {
  return z.string().max(maxCharacters, { abort: true });
}

/** Text that Postgres can store and JSON can represent: well-formed Unicode (no lone surrogates) without NUL. */
export function text(maxCharacters: number) {
  return boundedString(maxCharacters).refine(
    (value) => value.isWellFormed() && !value.includes('\0'),
    'Expected well-formed Unicode text without NUL characters.',
  );
}

/** Control characters and line separators; not as `\p{…}`, which most JSON Schema tools do not support. */
const breaks = String.raw`\x00-\x1f\x7f-\x9f\u2028\u2029`;

/**
 * What embeds, overrides or isolates the direction of text, and so can show "gpj.exe" as "exe.jpg". The marks U+200E, U+200F
 * and U+061C are not among them: texts from right to left need them, and they reorder no letters.
 */
export const directionControls = String.raw`\u202a-\u202e\u2066-\u2069`;

/** A single line of text in a request. It is not blank; white space around it is trimmed. */
export const line = (maxCharacters: number) => lineWithout(breaks + directionControls, maxCharacters);

/** A line in an answer, or in storage, where release 0.1.0 has accepted controls of direction. */
export const storedLine = (maxCharacters: number) => lineWithout(breaks, maxCharacters);

function lineWithout(refused: string, maxCharacters: number) {
  return text(maxCharacters)
    .trim()
    .min(1, 'Expected some text.')
    .regex(
      new RegExp(`^[^${refused}]*$`, 'u'),
      'Expected a single line without control characters, also of direction.',
    );
}

/** The name of a resource in URLs: lower-case words of ASCII letters and digits, joined by single hyphens. */
export const slugSchema = boundedString(80).regex(
  /^[a-z0-9]+(-[a-z0-9]+)*$/,
  'Expected lower-case letters, digits and single hyphens, e.g. "faster-reads".',
);

/** The input field by which something is renamed. */
export const newSlugInput = {
  newSlug: slugSchema
    .optional()
    .describe('Another slug. Addresses with the former one are redirected, until something else has it.'),
};
