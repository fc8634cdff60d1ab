import type { Operation, TRPCLink } from '@trpc/client';
import type { AppRouter } from '../trpc/router.ts';

/** Gives each mutation a key that its retries share, unless the caller set one in the context. */
export const idempotencyLink: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) => {
    if (op.type !== 'mutation') return next(op);
    return next({ ...op, context: { idempotencyKey: newKey(), ...op.context } });
  };

export function idempotencyHeader({ context }: Operation): Record<string, string> {
  return { 'idempotency-key': String(context.idempotencyKey) };
}

/** 128 random bits. (`crypto.randomUUID` is missing in pages that were loaded over plain HTTP.) */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
