import type { ApiKey } from '../types.ts';
import { KeyRow } from './key-row.tsx';
import { hasEnded, workingFirst } from './key-state.ts';

type Props = {
  keys: readonly ApiKey[];
  /** When they were read, in milliseconds since the epoch: some may have expired by then. */
  readAt: number;
  /** Who made a key, where that is worth saying. */
  makerOf?: (apiKey: ApiKey) => string | undefined;
  /** Missing for who may not revoke them. */
  revoke: ((apiKey: ApiKey) => Promise<unknown>) | undefined;
};

/** Keys without their secrets: those that work before those that have ended. */
export function KeyList({ keys, readAt, makerOf, revoke }: Props) {
  if (keys.length === 0) return <p className="card panel muted">None yet.</p>;
  return (
    <ul className="card rows" aria-label="Keys">
      {workingFirst(keys, readAt).map((apiKey) => (
        <KeyRow
          key={apiKey.id}
          apiKey={apiKey}
          hasEnded={hasEnded(apiKey, readAt)}
          madeBy={makerOf?.(apiKey)}
          revoke={revoke}
        />
      ))}
    </ul>
  );
}
