import { AppError } from '@portfolio/core/errors';
import type { IncomingHttpHeaders } from 'node:http';

/** The ETag of a version (RFC 9110, 8.8.3); forms of a thing other than JSON have a mark of their own. */
export function etagOf(version: number, form?: string): string {
  return form === undefined ? `"${version}"` : `"${version}-${form}"`;
}

/** The version that a change was made for, from `If-Match`; undefined where there is no such header. */
export function readExpectedVersion(headers: IncomingHttpHeaders): number | '*' | undefined {
  const value = headers['if-match']?.trim();
  if (value === undefined || value === '*') return value;
  const version = /^"([1-9]\d{0,14})(-\w+)?"$/.exec(value)?.[1];
  if (version !== undefined) return Number(version);
  // Weak tags never match (RFC 9110, 13.1.1), and no thing has any other.
  throw new AppError(
    'precondition_failed',
    'Expected the one ETag that came with the version that you have read, such as If-Match: "42", or *.',
  );
}

/** True where `If-None-Match` names the ETag, so that the client has this already (RFC 9110, 13.1.2). */
export function hasAlready(headers: IncomingHttpHeaders, etag: unknown): boolean {
  const known = headers['if-none-match'];
  if (known === undefined || typeof etag !== 'string') return false;
  return known.trim() === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** What repeats of one request have in common, from `Idempotency-Key`. */
export function readIdempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['idempotency-key'];
  return Array.isArray(value) ? value.join(', ') : value;
}
