import type { Operation, TRPCLink } from '@trpc/client';
import type { AppRouter } from '../trpc/router.ts';
import { newHex } from './new-hex.ts';

/** Gives each mutation a key that its retries share, unless the caller set one in the context. */
export const idempotencyLink: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) => {
    if (op.type !== 'mutation') return next(op);
    return next({ ...op, context: { idempotencyKey: newHex(16), ...op.context } });
  };

export function idempotencyHeader({ context }: Operation): Record<string, string> {
  return { 'idempotency-key': String(context.idempotencyKey) };
}
