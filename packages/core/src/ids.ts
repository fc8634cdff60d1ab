import { TypeID, typeid } from 'typeid-js';
import { boundedString } from './text.ts';

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
  securityEvent: 'sev',
  person: 'usr',
  session: 'ses',
  invitation: 'inv',
} as const;

type Resource = keyof typeof prefixes;

/** A new prefixed id that sorts by creation time, e.g. `job_01jd…` (TypeID 0.3: UUIDv7 in base 32). */
export function newId(resource: Resource): string {
  return typeid(prefixes[resource]).toString();
}

/** Sorts after every id of the resource: the first cursor of a list in order of newest first. */
export const newest = (resource: Resource) => `${prefixes[resource]}_${'z'.repeat(26)}`;

/** Sorts before every id of the resource that is created at `milliseconds` (since the epoch) or later. */
export function firstIdAt(resource: Resource, milliseconds: number): string {
  const hex = Math.max(0, milliseconds).toString(16).padStart(12, '0');
  return TypeID.fromUUID(
    prefixes[resource],
    `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`,
  ).toString();
}

/** The schema of an id of the resource. It refuses everything else before it reaches a query. */
export function idOf(resource: Resource) {
  return boundedString(prefixes[resource].length + 27).regex(
    new RegExp(`^${prefixes[resource]}_[0-7][0-9a-z]{25}$`),
    `Expected an id such as ${prefixes[resource]}_….`,
  );
}
