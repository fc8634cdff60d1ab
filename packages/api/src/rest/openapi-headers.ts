import type { Header, Parameter, Reference, Schema } from './openapi-document.ts';

const text = (maxLength: number, more: Schema = {}): Schema => ({ type: 'string', maxLength, ...more });
const seconds: Schema = { type: 'integer', format: 'int32', minimum: 0, maximum: 86_400 };

/** Headers of responses. */
export const headers = {
  ETag: {
    description: 'The version in this response (RFC 9110, 8.8.3), for `If-Match` and `If-None-Match`.',
    schema: text(64),
    example: '"42"',
  },
  Location: {
    description:
      'Address of the new resource, of the job to watch, or of the file. Links to files are valid for a few minutes.',
    schema: text(8192, { format: 'uri-reference' }),
    example: '/api/v1/jobs/job_01jd3v8x2kf4wr6tq9m5c7h1ab',
  },
  Link: {
    description: 'Links to the first page and to the next page, if there is one (RFC 8288).',
    schema: text(8192),
    example:
      '</api/v1/jobs?limit=1>; rel="first", </api/v1/jobs?limit=1&cursor=job_01jd3v8x2kf4wr6tq9m5c7h1ab>; rel="next"',
  },
  'Cache-Control': {
    description:
      'Whether the response may be stored. Stored responses must be revalidated with `If-None-Match`.',
    schema: text(100),
    example: 'public, no-cache',
  },
  Vary: {
    description: 'The request headers that the response depends on.',
    schema: text(100),
    example: 'accept, authorization, cookie',
  },
  'Cache-Status': {
    description:
      'For anonymous readers: the source of the response (RFC 9211). With `detail=database-unavailable` a newer version may exist.',
    schema: text(100),
    example: 'portfolio-api; hit',
  },
  'Retry-After': { description: 'When to retry, in seconds.', schema: seconds, example: 1 },
  RateLimit: {
    description:
      'The operations that remain (`r`) until the limit resets in `t` seconds (draft-ietf-httpapi-ratelimit-headers).',
    schema: text(100),
    example: '"credential";r=590;t=42',
  },
  'RateLimit-Policy': {
    description: 'The operations (`q`) that a credential or an address may use in a window of `w` seconds.',
    schema: text(100),
    example: '"credential";q=600;w=60',
  },
  Deprecation: {
    description: 'When this operation was deprecated (RFC 9745).',
    schema: text(20),
    example: '@1767225600',
  },
  Sunset: {
    description: 'When this operation will be removed (RFC 8594).',
    schema: text(29),
    example: 'Wed, 01 Jul 2026 00:00:00 GMT',
  },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 6750).',
    schema: text(200),
    example: 'Bearer',
  },
  Accept: {
    description: 'The content types that this operation accepts.',
    schema: text(200),
    example: 'application/json',
  },
} satisfies Record<string, Header>;

export type HeaderName = keyof typeof headers;

const everywhere: HeaderName[] = ['RateLimit', 'RateLimit-Policy'];

/** References to the given headers and to those of every response. */
export const headerRefs = (names: HeaderName[]): Record<string, Reference> =>
  Object.fromEntries(
    [...names, ...everywhere].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );

/** Headers of requests. */
export const requestHeaders = {
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: true,
    description:
      'The ETag of the version that the change is based on, or `*` to change any version. The response is 428 without this header, and 412 if the resource has another version.',
    schema: text(64),
    example: '"42"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description:
      'The ETag of the version that the client has. The response is 304 if that is still the current version.',
    schema: text(1000),
    example: '"42"',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'A unique key chosen by the client, e.g. a UUID. A retry with the same key changes nothing and returns the first response.',
    schema: text(255, { minLength: 1, pattern: '^[\\x21-\\x7e]{1,255}$' }),
    example: '5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55',
  },
} satisfies Record<string, Parameter>;

export type RequestHeaderName = keyof typeof requestHeaders;

export const requestHeaderRef = (name: RequestHeaderName): Reference => ({
  $ref: `#/components/parameters/${name}`,
});

/** The header of streams, without its schema, which differs between streams. */
export const lastEventId = {
  name: 'Last-Event-ID',
  in: 'header',
  description:
    'The `id` of the last event received. The stream resumes after it. This header overrides `lastEventId` in the query. Browsers send it automatically.',
} as const;
