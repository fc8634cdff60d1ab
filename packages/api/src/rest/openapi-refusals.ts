import { AppError, type ErrorCode, type FieldError, errorCodes, toProblem } from '@portfolio/core/errors';
import { STATUS_CODES } from 'node:http';
import type { Answer, Reference } from './openapi-document.ts';
import { schemaRef } from './openapi-document.ts';
import { type HeaderName, headerRefs } from './openapi-headers.ts';

/** An example of the text of each error. */
const details: Record<ErrorCode, string> = {
  moved: 'The portfolio "team" was renamed. It is "platform-team" now.',
  malformed_request: 'Expected an idempotency key of 1 to 255 visible ASCII characters, such as a UUID.',
  unauthenticated:
    'caseStudy.update requires an API key or a token with the scopes case-study:write, case-study:read.',
  forbidden: 'caseStudy.update requires the scope case-study:write, which this credential does not have.',
  recent_sign_in_required: 'webhook.create requires a sign-in within the last 15 minutes. Sign in again.',
  not_found: 'There is no portfolio "platform-team".',
  method_not_allowed: 'PUT is not allowed on /api/v1/jobs. Allowed: GET, HEAD, OPTIONS.',
  not_acceptable: 'Not acceptable. Available media types: application/json, text/markdown.',
  conflict: 'Portfolio "platform-team" already has a case study "outbox-and-leases".',
  idempotency_key_in_use: 'A request with this idempotency key is still in progress. Retry in a few seconds.',
  precondition_failed:
    'Version conflict: the current version is 43, expected 42. Read the resource again, then retry the change.',
  payload_too_large: 'The body is too large: expected at most 131072 bytes.',
  unsupported_media_type: 'Expected application/json as the body.',
  invalid_input: 'Invalid input. /title: Expected some text.',
  quarantined: 'The file contains malware (Win.Test.EICAR_HDB-1) and cannot be used.',
  idempotency_key_reused:
    'This idempotency key was already used with a different request. Use a new key for each request.',
  precondition_required:
    'Expected the version that you read: its ETag in `If-Match` (REST), or `expectedVersion` (tRPC).',
  too_many_requests: 'Rate limit exceeded (600 operations per minute per credential). Retry in 12 s.',
  internal: 'An unexpected error occurred and was logged. The request can be retried.',
  unavailable: 'A required service is temporarily unavailable. Retry in a few seconds.',
};

const fieldsOf: Partial<Record<ErrorCode, FieldError[]>> = {
  invalid_input: [{ pointer: '/title', detail: 'Expected some text.' }],
};

const headersOf: Record<number, HeaderName[]> = {
  308: ['Location'],
  401: ['WWW-Authenticate'],
  415: ['Accept'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

const codesByStatus = Map.groupBy(
  Object.keys(errorCodes) as ErrorCode[],
  (code): number => errorCodes[code].status,
);

const nameOf = (status: number) => STATUS_CODES[status]!.replaceAll(/\W/g, '');

export const refusalRef = (status: number): Reference => ({
  $ref: `#/components/responses/${nameOf(status)}`,
});

/** The response of each error status: a problem document with an example of each code. */
export function describeRefusals(): Record<string, Answer> {
  return Object.fromEntries(
    [...codesByStatus].map(([status, codes]) => [
      nameOf(status),
      {
        description: codes.map((code) => `${errorCodes[code].title} (\`${code}\`).`).join(' '),
        headers: headerRefs(headersOf[status] ?? []),
        content: {
          'application/problem+json': {
            schema: schemaRef('Problem'),
            examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
          },
        },
      },
    ]),
  );
}

function exampleOf(code: ErrorCode) {
  const moved = code === 'moved' ? { moved: { field: 'portfolio', to: 'platform-team' } } : {};
  const error = new AppError(code, details[code], { fields: fieldsOf[code] ?? [], ...moved });
  return toProblem(error, '665f1c0e5a9c2b7d4e8f0a1b2c3d4e5f');
}
