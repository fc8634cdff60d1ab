/** Every reason for which the platform refuses a request: its HTTP status (RFC 9110) and its title. */
export const errorCodes = {
  moved: { status: 308, title: 'Moved permanently' },
  malformed_request: { status: 400, title: 'Malformed request' },
  unauthenticated: { status: 401, title: 'Authentication required' },
  forbidden: { status: 403, title: 'Forbidden' },
  recent_sign_in_required: { status: 403, title: 'Recent sign-in required' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'Not acceptable' },
  conflict: { status: 409, title: 'Conflict' },
  idempotency_key_in_use: { status: 409, title: 'Idempotency key in use' },
  precondition_failed: { status: 412, title: 'Precondition failed' },
  payload_too_large: { status: 413, title: 'Payload too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  invalid_input: { status: 422, title: 'Invalid input' },
  quarantined: { status: 422, title: 'Quarantined' },
  idempotency_key_reused: { status: 422, title: 'Idempotency key reused' },
  precondition_required: { status: 428, title: 'Precondition required' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal server error' },
  unavailable: { status: 503, title: 'Service unavailable' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** A field that was refused: a JSON pointer (RFC 6901) into the input and the reason. */
export type FieldError = { pointer: string; detail: string };

/** The field of the input that names something by its former slug or key, and the present one. */
export type Moved = { field: string; to: string };

/** Further errors are dropped, because a request can cause hundreds of thousands. */
export const maxFieldErrors = 20;

/**
 * The only error whose text reaches clients. `detail` says what was wrong and what would be right; `cause` is only
 * logged. Clients see every other error as `internal`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly FieldError[];
  readonly moved: Moved | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { fields?: readonly FieldError[]; moved?: Moved; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.moved = options.moved;
    this.fields = (options.fields ?? []).slice(0, maxFieldErrors);
  }
}

/** What is known of a refusal beside its error; for security events. */
type Refused = {
  portfolioId?: string | null | undefined;
  actor?: string | null | undefined;
  credential?: string | null | undefined;
};

/** A caller that was refused by its scopes, in a portfolio, or because its credential has ended. */
export class Refusal extends AppError {
  readonly refused: Refused;

  constructor(code: ErrorCode, detail: string, refused: Refused = {}) {
    super(code, detail);
    this.refused = refused;
  }
}

/** The `invalid_input` error for some fields; its text lists them. */
export function invalidInput(given: readonly FieldError[]): AppError {
  const fields = given.slice(0, maxFieldErrors);
  const listed = fields.map(({ pointer, detail }) => `${pointer || 'input'}: ${detail}`).join(' ');
  return new AppError('invalid_input', `Invalid input. ${listed}`, { fields });
}

/** An RFC 9457 problem document. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  errors?: readonly FieldError[];
  moved?: Moved;
  /** The id of the trace (W3C Trace Context) by which operators find the request. */
  traceId: string;
};

/** What clients may know of an error: an AppError itself; every other error becomes `internal`. */
export const publicError = (error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError('internal', 'An unexpected error occurred and was logged. The request can be retried.');

/** The problem document of an error of a request. */
export function toProblem(error: unknown, traceId: string): Problem {
  const known = publicError(error);
  return {
    type: `/api/problems/${known.code}`,
    ...errorCodes[known.code],
    detail: known.message,
    code: known.code,
    ...(known.fields.length > 0 && { errors: known.fields }),
    ...(known.moved && { moved: known.moved }),
    traceId,
  };
}
