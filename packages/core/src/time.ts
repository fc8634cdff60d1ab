import { z } from 'zod';

/** The time in UTC with milliseconds, or null if its year is not accepted. */
function toUtc(text: string): string | null {
  const time = new Date(text);
  const year = Number.isNaN(time.valueOf()) ? 0 : time.getUTCFullYear();
  return year >= 1900 && year <= 2999 ? time.toISOString() : null;
}

/**
 * A time in ISO 8601 with `Z` or an offset, in the years 1900 to 2999. It is converted to UTC and truncated to
 * milliseconds, so that times can be compared as text.
 */
export const instantSchema = z.iso
  .datetime({ offset: true, error: 'Expected a time such as "2026-11-22T10:00:00Z".' })
  .max(40)
  .refine((text) => toUtc(text) !== null, 'Expected a year from 1900 to 2999.')
  .overwrite((text) => toUtc(text) ?? text);

/** A time in UTC that Postgres can read: without year 0, and with a limited number of digits. */
export const timeSchema = z.iso
  .datetime()
  .max(35)
  .refine((time) => time >= '0001', 'Expected a year after 0.');
