import type { Db } from '../context.ts';

/** Runs in the transaction that changed the evidence; an error rolls the change back. */
type Listener = (tx: Db, evidenceIds: string[], cause: string | undefined) => Promise<void>;

const listeners = new Set<Listener>();

/** Registers a listener for changes of evidence, so that evidence need not import the modules above it. */
export function onEvidenceChange(listener: Listener): void {
  listeners.add(listener);
}

/**
 * Call it in the transaction that changed the freshness, problem or latest version of evidence. `cause` is the `traceparent`
 * of the call or the job that did.
 */
export async function announceEvidenceChange(
  tx: Db,
  evidenceIds: string[],
  cause: string | undefined,
): Promise<void> {
  // Without claims, a program would silently lose their notifications.
  if (listeners.size === 0) throw new Error('No listener for changes of evidence: import claim/notify.ts.');
  for (const listener of listeners) await listener(tx, evidenceIds, cause);
}
