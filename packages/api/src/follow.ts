import type { Actor } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { AppError, type ErrorCode } from '@portfolio/core/errors';
import type { StreamOperation, Tracked } from '@portfolio/core/operation';
import type { z } from 'zod';

/** The actor that follows a stream. It is authenticated repeatedly, since a stream may outlive its credential. */
export type Follower = { services: Services; actor: () => Promise<Actor> };

const refusals = new Set<ErrorCode>(['unauthenticated', 'forbidden', 'not_found']);

/**
 * Opens a stream and follows it until it ends or a signal aborts. Throws `unauthenticated`, `forbidden` or `not_found`
 * once the credential or the access is lost, and the reason of a signal where that is an AppError.
 */
export async function follow<I extends z.ZodObject, O extends z.ZodType>(
  operation: StreamOperation<I, O>,
  { services, actor }: Follower,
  input: z.input<I>,
  signals: AbortSignal[],
  recheckMilliseconds = 30_000,
): Promise<AsyncGenerator<Tracked<z.output<O>>, void>> {
  const revoked = new AbortController();
  const signal = AbortSignal.any([revoked.signal, ...signals]);
  const items = await operation.run({ ...services, actor: await actor(), signal }, input);

  async function recheck() {
    try {
      await operation.authorize({ ...services, actor: await actor(), signal }, input);
    } catch (error) {
      // A check that fails for another reason says nothing about the credential.
      if (error instanceof AppError && refusals.has(error.code)) revoked.abort(error);
    }
  }

  async function* untilRevoked() {
    const timer = setInterval(() => void recheck(), recheckMilliseconds);
    try {
      yield* items;
    } finally {
      clearInterval(timer);
    }
    if (signal.reason instanceof AppError) throw signal.reason;
  }
  return untilRevoked();
}
