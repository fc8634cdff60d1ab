import { AppError, type ErrorCode, type FieldError, errorCodes, toProblem } from '@portfolio/core/errors';
import { STATUS_CODES } from 'node:http';
import type { Answer, Reference } from './openapi-document.ts';
import { schemaRef } from './openapi-document.ts';
import { type HeaderName, headerRefs } from './openapi-headers.ts';

/** What each refusal may say, as an example. */
const details: Record<ErrorCode, string> = {
  malformed_request: 'Expected an idempotency key of 1 to 255 visible ASCII characters, such as a UUID.',
  unauthenticated: 'caseStudy.update needs an API key or a token with the scope case-study:write.',
  forbidden: 'caseStudy.update needs the scope case-study:write, which this credential does not have.',
  not_found: 'There is no portfolio "platform-team".',
  method_not_allowed: 'PUT does nothing at /api/v1/jobs; it has GET, HEAD, OPTIONS.',
  not_acceptable: 'Here is application/json or text/markdown; "Accept" asks for nothing of that.',
  conflict: 'Portfolio "platform-team" has a case study "outbox-and-leases" already.',
  idempotency_key_in_use:
    'A request with this idempotency key is still being worked on; repeat this one a little later.',
  precondition_failed:
    'It was changed meanwhile: its version is 43, not 42. Read it again, then repeat the change.',
  payload_too_large: 'The body is larger than this address accepts.',
  unsupported_media_type: 'Expected application/json as the body.',
  invalid_input: 'The input is not valid. /title: Expected some text.',
  idempotency_key_reused:
    'This idempotency key came with another request before; use a new key for each request.',
  precondition_required:
    'Name the version that you have read: `If-Match` with its ETag by REST, `expectedVersion` by tRPC.',
  too_many_requests: 'Only 600 operations a minute are done for a credential; go on in 12 s.',
  internal: 'The request failed unexpectedly; it was logged and can be tried again.',
  unavailable: 'The database cannot be reached at present; try again.',
};

const fieldsOf: Partial<Record<ErrorCode, FieldError[]>> = {
  invalid_input: [{ pointer: '/title', detail: 'Expected some text.' }],
};

const headersOf: Record<number, HeaderName[]> = {
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

/** The answer of each status that refuses a request: a problem document, with an example for each code. */
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
  return toProblem(new AppError(code, details[code], { fields: fieldsOf[code] ?? [] }));
}
