import type { Operation, TRPCLink } from '@trpc/client';
import type { AppRouter } from '../trpc/router.ts';
import { newHex } from './new-hex.ts';

/**
 * Begins a trace with each query and mutation (W3C Trace Context), which its retries share, unless the caller set one in the
 * context. Subscriptions have none: a WebSocket cannot carry it.
 */
export const traceLink: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) => {
    if (op.type === 'subscription') return next(op);
    return next({ ...op, context: { traceparent: newTraceparent(), ...op.context } });
  };

/** Calls in one request share the trace of the first. */
export function traceHeader([first]: readonly Operation[]): Record<string, string> {
  return first ? { traceparent: String(first.context.traceparent) } : {};
}

const newTraceparent = () => `00-${newHex(16)}-${newHex(8)}-01`;
