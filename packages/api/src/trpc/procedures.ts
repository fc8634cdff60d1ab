import type { Actor } from '@portfolio/core/actor';
import type { Origin, Services } from '@portfolio/core/context';
import { AppError, type ErrorCode, publicError, toProblem } from '@portfolio/core/errors';
import type { Operation, StreamOperation } from '@portfolio/core/operation';
import { toOutage } from '@portfolio/core/runtime/outage';
import type { Tracked } from '@portfolio/core/stream';
import { type SpanContext, newTraceId } from '@portfolio/core/telemetry/trace';
import { TRPCError, initTRPC, tracked } from '@trpc/server';
import type { z } from 'zod';
import { maxBatchSize } from './published.ts';

/**
 * The context of procedures. Each call authenticates its actor, since a WebSocket outlives its credential. An invalid
 * credential rejects the call, not the connection.
 */
export type CallContext = {
  services: Services;
  actor: () => Promise<Actor>;
  origin: Origin;
  logError: (error: unknown) => void;
  /** Identifies retries of a request. All calls of a batch share it. */
  idempotencyKey?: string | undefined;
  /** Opens a stream over HTTP; null over a WebSocket, which does that without a procedure. */
  follow: FollowItems | null;
};

/** The items of a stream until a signal aborts. */
export type FollowItems = <I extends z.ZodObject, O extends z.ZodType>(
  operation: StreamOperation<I, O>,
  input: z.input<I>,
  signal: AbortSignal,
) => Promise<AsyncIterable<Tracked<z.output<O>>>>;

const never = new AbortController().signal;

/** The traces of the requests that errors answer, since the library formats some errors without a context. */
const traceIds = new WeakMap<TRPCError, string>();

/** Lets an error name the trace of its request in its problem document. */
export const nameTrace = (error: TRPCError, { traceId }: SpanContext) => void traceIds.set(error, traceId);

const t = initTRPC.context<CallContext>().create({
  isDev: false,
  errorFormatter({ shape, error, path }) {
    const known = error.cause instanceof AppError ? error.cause : libraryError(error, path);
    const problem = toProblem(known, traceIds.get(error) ?? newTraceId());
    return { ...shape, message: problem.detail, data: { ...shape.data, problem } };
  },
});

export const { router } = t;

/** Errors of tRPC itself, such as for an unknown procedure or invalid JSON; null for all others. */
function libraryError({ code }: TRPCError, path = ''): AppError | null {
  if (code === 'INTERNAL_SERVER_ERROR') return null;
  if (code === 'NOT_FOUND') return new AppError('not_found', `There is no procedure "${path}".`);
  if (code === 'METHOD_NOT_SUPPORTED') {
    const detail = `Method not allowed for procedure "${path}". Use GET for queries and POST for mutations.`;
    return new AppError('method_not_allowed', detail);
  }
  return new AppError(
    'malformed_request',
    `Malformed request: expected JSON in the format of tRPC, with at most ${maxBatchSize} calls in a batch.`,
  );
}

const trpcCodes: Record<ErrorCode, TRPCError['code']> = {
  // tRPC has no redirects: the problem has the present slug.
  moved: 'NOT_FOUND',
  malformed_request: 'BAD_REQUEST',
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  recent_sign_in_required: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  method_not_allowed: 'METHOD_NOT_SUPPORTED',
  not_acceptable: 'BAD_REQUEST',
  conflict: 'CONFLICT',
  idempotency_key_in_use: 'CONFLICT',
  precondition_failed: 'PRECONDITION_FAILED',
  payload_too_large: 'PAYLOAD_TOO_LARGE',
  unsupported_media_type: 'UNSUPPORTED_MEDIA_TYPE',
  invalid_input: 'UNPROCESSABLE_CONTENT',
  quarantined: 'UNPROCESSABLE_CONTENT',
  idempotency_key_reused: 'UNPROCESSABLE_CONTENT',
  precondition_required: 'PRECONDITION_REQUIRED',
  too_many_requests: 'TOO_MANY_REQUESTS',
  internal: 'INTERNAL_SERVER_ERROR',
  unavailable: 'SERVICE_UNAVAILABLE',
};

/** Converts an error to one of tRPC. Unexpected errors are logged. */
export function toTrpcError(thrown: unknown, { logError }: Pick<CallContext, 'logError'>): TRPCError {
  if (!(thrown instanceof AppError)) logError(thrown);
  const error = toOutage(thrown) ?? thrown;
  const { code, message } = publicError(error);
  return new TRPCError({ code: trpcCodes[code], message, cause: error });
}

/** Only adds the type, since the operation parses its input. */
const typed =
  <Input>() =>
  (raw: unknown) =>
    raw as Input;

async function run<I extends z.ZodObject, O extends z.ZodType>(
  operation: Operation<'query' | 'mutation', I, O>,
  { ctx, input, signal }: { ctx: CallContext; input: unknown; signal: AbortSignal | undefined },
): Promise<z.output<O>> {
  try {
    const { services, actor, idempotencyKey, origin } = ctx;
    return await operation.run(
      { ...services, actor: await actor(), signal: signal ?? never, idempotencyKey, origin },
      input as z.input<I>,
    );
  } catch (error) {
    throw toTrpcError(error, ctx);
  }
}

export function query<I extends z.ZodObject, O extends z.ZodType>(operation: Operation<'query', I, O>) {
  return t.procedure.input(typed<z.input<I>>()).query((call) => run(operation, call));
}

export function mutation<I extends z.ZodObject, O extends z.ZodType>(operation: Operation<'mutation', I, O>) {
  return t.procedure.input(typed<z.input<I>>()).mutation((call) => run(operation, call));
}

/** Items are `tracked`, so that a client that lost its connection resumes after the last one it received. */
export function subscription<I extends z.ZodObject, O extends z.ZodType>(operation: StreamOperation<I, O>) {
  return t.procedure.input(typed<z.input<I>>()).subscription(async function* ({ ctx, input, signal }) {
    try {
      if (!ctx.follow) throw new TypeError(`${operation.name} over a WebSocket is no procedure.`);
      const items = await ctx.follow(operation, input as z.input<I>, signal ?? never);
      for await (const { cursor, data } of items) yield tracked(cursor, data);
    } catch (error) {
      throw toTrpcError(error, ctx);
    }
  });
}
