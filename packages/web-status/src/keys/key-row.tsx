import { useAction } from '../action.ts';
import type { ApiKey } from '../types.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Ago, MinuteTime } from '../ui/time.tsx';
import { count } from '../ui/words.ts';

type Props = {
  apiKey: ApiKey;
  hasEnded: boolean;
  /** Who made it, where that is worth saying. */
  madeBy?: string | undefined;
  /** Missing for who may not revoke it. */
  revoke?: ((apiKey: ApiKey) => Promise<unknown>) | undefined;
};

/** A key without its secret: what it may do, when it was used and when it ends. */
export function KeyRow({ apiKey, hasEnded, madeBy, revoke }: Props) {
  return (
    <li className={`row ${hasEnded ? 'over' : ''}`}>
      <div className="row-main">
        <p className="row-title">
          {apiKey.name} <code className="muted">{apiKey.prefix}…</code>
        </p>
        <p className="muted small-text facts">
          {madeBy !== undefined && <span>by {madeBy}</span>}
          <span title={apiKey.scopes.join(', ')}>{count(apiKey.scopes.length, 'permission')}</span>
          <LastUse apiKey={apiKey} />
          <End apiKey={apiKey} />
        </p>
      </div>
      <div className="row-actions">
        {hasEnded ? (
          <span className="badge">{apiKey.revokedAt ? 'Revoked' : 'Expired'}</span>
        ) : (
          revoke && <Revoke apiKey={apiKey} revoke={revoke} />
        )}
      </div>
    </li>
  );
}

function LastUse({ apiKey: { lastUsedAt, lastUsedAddress } }: { apiKey: ApiKey }) {
  if (lastUsedAt === null) return <span>never used</span>;
  return (
    <span>
      used <Ago at={lastUsedAt} />
      {lastUsedAddress !== null && ` from ${lastUsedAddress}`}
    </span>
  );
}

function End({ apiKey: { revokedAt, expiresAt } }: { apiKey: ApiKey }) {
  if (revokedAt !== null) {
    return (
      <span>
        ended <Ago at={revokedAt} />
      </span>
    );
  }
  if (expiresAt === null) return <span>never ends</span>;
  return (
    <span>
      until <MinuteTime at={expiresAt} />
    </span>
  );
}

function Revoke({ apiKey, revoke }: { apiKey: ApiKey; revoke: (apiKey: ApiKey) => Promise<unknown> }) {
  const action = useAction(() => revoke(apiKey));
  return (
    <ConfirmButton
      word="Revoke"
      what={`the key ${apiKey.name}`}
      question="It ends at once, and so does every key made with it."
      action={action}
    />
  );
}
