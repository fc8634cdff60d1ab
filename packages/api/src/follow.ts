import type { Actor } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import type { StreamOperation, Tracked } from '@portfolio/core/operation';
import type { z } from 'zod';

/** Whose stream it is. The actor is asked for again and again, since a stream may outlive its credential. */
export type Follower = { services: Services; actor: () => Promise<Actor> };

/**
 * Opens a stream and follows it until it ends or a signal aborts. Throws `unauthenticated` when the credential
 * no longer stands, and the reason of a signal if that is an AppError.
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
      await actor();
    } catch (error) {
      // Where the check itself fails, nothing is known against the credential.
      if (error instanceof AppError && error.code === 'unauthenticated') revoked.abort(error);
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
