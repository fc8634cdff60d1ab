import { z } from 'zod';

/** In UTC to the millisecond, or null outside of the years that are accepted. */
function toUtc(text: string): string | null {
  const time = new Date(text);
  const year = Number.isNaN(time.valueOf()) ? 0 : time.getUTCFullYear();
  return year >= 1900 && year <= 2999 ? time.toISOString() : null;
}

/**
 * A moment in ISO 8601, with `Z` or an offset, of the years 1900 to 2999. Comes out in UTC with milliseconds, finer
 * digits cut off, so that moments can be compared as text.
 */
export const instantSchema = z.iso
  .datetime({ offset: true, error: 'Expected an instant such as "2026-11-22T10:00:00Z".' })
  .max(40)
  .refine((text) => toUtc(text) !== null, 'Expected a year from 1900 to 2999.')
  .overwrite((text) => toUtc(text) ?? text);

/** A time of day and year that Postgres can read: it has no year 0, and takes no endless digits. */
export const timeSchema = z.iso
  .datetime()
  .refine((time) => time >= '0001', 'Expected a year after 0.')
  // As long as the API's document says.
  .refine((time) => time.length <= 35, 'Expected fewer digits.');
