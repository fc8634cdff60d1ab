import { AppError } from '@portfolio/core/errors';
import type { IncomingHttpHeaders } from 'node:http';

/** The ETag of a version (RFC 9110, 8.8.3). Representations other than JSON have a suffix. */
export function etagOf(version: number, representation?: string): string {
  return representation === undefined ? `"${version}"` : `"${version}-${representation}"`;
}

/** The version in `If-Match`; undefined without the header. Throws `precondition_failed` for all but one strong ETag. */
export function readExpectedVersion(headers: IncomingHttpHeaders): number | '*' | undefined {
  const value = headers['if-match']?.trim();
  if (value === undefined || value === '*') return value;
  const version = /^"([1-9]\d{0,14})(-\w+)?"$/.exec(value)?.[1];
  if (version !== undefined) return Number(version);
  // A weak ETag never matches (RFC 9110, 13.1.1), and versions have no other form.
  throw new AppError(
    'precondition_failed',
    'Invalid If-Match header: expected the ETag of the version that you read, such as "42", or *.',
  );
}

/** True where `If-None-Match` contains the ETag, so the client has the current version (RFC 9110, 13.1.2). */
export function matchesEtag(headers: IncomingHttpHeaders, etag: unknown): boolean {
  const known = headers['if-none-match'];
  if (known === undefined || typeof etag !== 'string') return false;
  return known.trim() === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** The value of `Idempotency-Key`, which retries of a request share. */
export function readIdempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['idempotency-key'];
  return Array.isArray(value) ? value.join(', ') : value;
}
