import type { Db } from '../context.ts';

/** Runs in the transaction that changed the evidence; what it throws undoes the change. */
type Listener = (tx: Db, evidenceIds: string[]) => Promise<void>;

const listeners = new Set<Listener>();

/** Has a noun above evidence act on its changes. Evidence knows nothing of who listens. */
export function onEvidenceChange(listener: Listener): void {
  listeners.add(listener);
}

/** Call it in the transaction that changed evidence: whether it is fresh, its problem, or its latest version. */
export async function announceEvidenceChange(tx: Db, evidenceIds: string[]): Promise<void> {
  // A program that leaves out claims would lose their notifications without a word.
  if (listeners.size === 0)
    throw new Error('Nothing listens to changes of evidence: import claim/notify.ts.');
  for (const listener of listeners) await listener(tx, evidenceIds);
}
