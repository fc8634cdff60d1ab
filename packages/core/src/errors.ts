/** Every reason for which the platform refuses a request: its HTTP status (RFC 9110) and its title. */
export const errorCodes = {
  malformed_request: { status: 400, title: 'The request could not be read' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  forbidden: { status: 403, title: 'The actor may not do this' },
  not_found: { status: 404, title: 'Nothing was found here' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  not_acceptable: { status: 406, title: 'No representation is acceptable to the client' },
  conflict: { status: 409, title: 'The request conflicts with the present state' },
  idempotency_key_in_use: { status: 409, title: 'A request with this idempotency key is being worked on' },
  precondition_failed: { status: 412, title: 'The thing was changed by somebody else' },
  payload_too_large: { status: 413, title: 'The request body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  invalid_input: { status: 422, title: 'The input is not valid' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used for another request' },
  precondition_required: { status: 428, title: 'The version to be changed must be named' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something failed on our side' },
  unavailable: { status: 503, title: 'The service is not available at present' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** One field that was refused: a JSON pointer (RFC 6901) into the input and what is wrong with it. */
export type FieldError = { pointer: string; detail: string };

/**
 * The only error that tells its text to a client. `detail` says what was wrong and what would be right;
 * `cause` is for the log alone. Everything else that is thrown reaches clients as `internal`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly FieldError[];

  constructor(
    code: ErrorCode,
    detail: string,
    options: { fields?: readonly FieldError[]; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.fields = options.fields ?? [];
  }
}

/** An RFC 9457 problem document. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  errors?: readonly FieldError[];
};

/** What a client may know of an error: an AppError as it is, all others as `internal` without their text. */
export function toProblem(error: unknown): Problem {
  const known =
    error instanceof AppError
      ? error
      : new AppError('internal', 'The request failed unexpectedly; it was logged and can be tried again.');
  return {
    type: `/api/problems/${known.code}`,
    ...errorCodes[known.code],
    detail: known.message,
    code: known.code,
    ...(known.fields.length > 0 && { errors: known.fields }),
  };
}
