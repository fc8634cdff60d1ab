import type { Ctx } from './context.ts';
import { AppError } from './errors.ts';
import { toOutage } from './runtime/outage.ts';
import { http } from './telemetry/contract.ts';
import { inSpan } from './telemetry/trace.ts';

/** Why an operation has failed, for telemetry. */
function outcomeOf(error: unknown, { signal }: Pick<Ctx, 'signal'>) {
  const known = error instanceof AppError ? error : toOutage(error);
  if (known) {
    if (known.code === 'unavailable' || known.code === 'internal') return known.code;
    return 'refused';
  }
  return signal.aborted ? 'aborted' : 'internal';
}

/** Runs an operation, and records how long it took and how it ended. */
export async function observeOperation<T>(
  { name: operation }: { name: string },
  ctx: Pick<Ctx, 'signal'>,
  run: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const record = (outcome: 'ok' | ReturnType<typeof outcomeOf>) =>
    http.operations.record((performance.now() - startedAt) / 1000, { operation, outcome });
  const isFailure = (error: unknown) => ['unavailable', 'internal'].includes(outcomeOf(error, ctx));
  try {
    const result = await inSpan(operation, { isFailure }, run);
    record('ok');
    return result;
  } catch (error) {
    record(outcomeOf(error, ctx));
    throw error;
  }
}
