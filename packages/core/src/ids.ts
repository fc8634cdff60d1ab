import { TypeID, typeid } from 'typeid-js';
import { z } from 'zod';

const prefixes = {
  portfolio: 'pf',
  caseStudy: 'cs',
  claim: 'clm',
  artifact: 'art',
  metric: 'met',
  evidence: 'ev',
  upload: 'up',
  job: 'job',
  apiKey: 'key',
  webhook: 'wh',
  delivery: 'dlv',
  message: 'msg',
  audit: 'aud',
} as const;

type Noun = keyof typeof prefixes;

/** A new prefixed id that sorts by its time of creation, e.g. `job_01jd…` (TypeID 0.3: UUIDv7 in base 32). */
export function newId(noun: Noun): string {
  return typeid(prefixes[noun]).toString();
}

/** Sorts after every id of the noun: where a list begins that shows the newest first. */
export const newest = (noun: Noun) => `${prefixes[noun]}_${'z'.repeat(26)}`;

/** Sorts before every id of the noun that is made at a time, in milliseconds since the epoch, or later. */
export function firstIdAt(noun: Noun, milliseconds: number): string {
  const hex = Math.max(0, milliseconds).toString(16).padStart(12, '0');
  return TypeID.fromUUID(
    prefixes[noun],
    `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`,
  ).toString();
}

/** Schema of an id of the noun; anything else is refused before it reaches a query. */
export function idOf(noun: Noun) {
  return z
    .string()
    .max(prefixes[noun].length + 27)
    .regex(
      new RegExp(`^${prefixes[noun]}_[0-7][0-9a-z]{25}$`),
      `Expected an id such as ${prefixes[noun]}_….`,
    );
}
