import type { Header, Parameter, Reference, Schema } from './openapi-document.ts';

const text = (maxLength: number, more: Schema = {}): Schema => ({ type: 'string', maxLength, ...more });
const seconds: Schema = { type: 'integer', format: 'int32', minimum: 0, maximum: 86_400 };

/** Headers of answers. */
export const headers = {
  ETag: {
    description: 'The version that was sent or made (RFC 9110, 8.8.3): for `If-Match` and `If-None-Match`.',
    schema: text(64),
    example: '"42"',
  },
  Location: {
    description:
      'Where the thing is: the new one, the job to follow, or the file, whose link works for a few minutes.',
    schema: text(8192, { format: 'uri-reference' }),
    example: '/api/v1/jobs/job_01jd3v8x2kf4wr6tq9m5c7h1ab',
  },
  Link: {
    description: 'The first page and the next one, if there is any (RFC 8288).',
    schema: text(8192),
    example:
      '</api/v1/jobs?limit=1>; rel="first", </api/v1/jobs?limit=1&cursor=job_01jd3v8x2kf4wr6tq9m5c7h1ab>; rel="next"',
  },
  'Cache-Control': {
    description: 'Whether it may be kept; what is kept is to be asked for again with `If-None-Match`.',
    schema: text(100),
    example: 'public, no-cache',
  },
  Vary: {
    description: 'The headers of the request that the answer depends on.',
    schema: text(100),
    example: 'accept, authorization',
  },
  'Cache-Status': {
    description:
      'For strangers: where the answer came from (RFC 9211). `detail=database-away` says that there may be a newer one.',
    schema: text(100),
    example: 'portfolio-api; hit',
  },
  'Retry-After': { description: 'When to ask again, in seconds.', schema: seconds, example: 1 },
  RateLimit: {
    description:
      'How many operations are left (`r`) until all are there again (`t` seconds); draft-ietf-httpapi-ratelimit-headers.',
    schema: text(100),
    example: '"credential";r=590;t=42',
  },
  'RateLimit-Policy': {
    description:
      'How many operations (`q`) are done for a credential or an address in a window of `w` seconds.',
    schema: text(100),
    example: '"credential";q=600;w=60',
  },
  Deprecation: {
    description: 'Since when this is not to be used any more (RFC 9745).',
    schema: text(20),
    example: '@1767225600',
  },
  Sunset: {
    description: 'Until when it works (RFC 8594).',
    schema: text(29),
    example: 'Wed, 01 Jul 2026 00:00:00 GMT',
  },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 6750).',
    schema: text(200),
    example: 'Bearer',
  },
  Accept: {
    description: 'The content types that are accepted here.',
    schema: text(200),
    example: 'application/json',
  },
} satisfies Record<string, Header>;

export type HeaderName = keyof typeof headers;

const everywhere: HeaderName[] = ['RateLimit', 'RateLimit-Policy'];

/** The headers of an answer: the given ones, and those of every answer. */
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
      'The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.',
    schema: text(64),
    example: '"42"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The ETag of what the client has: the answer is 304 where that is still so.',
    schema: text(1000),
    example: '"42"',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.',
    schema: text(255, { minLength: 1, pattern: '^[\\x21-\\x7e]{1,255}$' }),
    example: '5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55',
  },
} satisfies Record<string, Parameter>;

export type RequestHeaderName = keyof typeof requestHeaders;

export const requestHeaderRef = (name: RequestHeaderName): Reference => ({
  $ref: `#/components/parameters/${name}`,
});

/** The header of streams; its form differs between them. */
export const lastEventId = {
  name: 'Last-Event-ID',
  in: 'header',
  description:
    'The `id` of the last event that was received: the stream goes on after it. Browsers send it by themselves.',
} as const;
