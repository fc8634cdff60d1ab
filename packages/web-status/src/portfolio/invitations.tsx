import { useQuery } from '@tanstack/react-query';
import { useAction } from '../action.ts';
import { allPages } from '../all-pages.ts';
import { useTRPC, useTRPCClient } from '../api.tsx';
import type { Invitation, Member } from '../types.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { Section } from '../ui/section.tsx';
import { MinuteTime } from '../ui/time.tsx';
import { memberWords, roleWords } from '../ui/words.ts';

/** The invitations that somebody can still accept. */
export function Invitations({ portfolio, members }: { portfolio: string; members: readonly Member[] }) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  const list = useQuery({
    queryKey: [...trpc.invitation.list.queryKey(), 'all', portfolio],
    queryFn: () => allPages((cursor) => api.invitation.list.query({ portfolio, limit: 100, cursor })),
  });
  const open = list.data?.filter(({ state }) => state === 'open') ?? [];
  if (open.length === 0 && !list.isError) return null;
  return (
    <Section title="Open invitations">
      <Loaded query={list} failure="The invitations could not be loaded.">
        {() => (
          <ul className="card rows" aria-label="Open invitations">
            {open.map((invitation) => (
              <InvitationRow key={invitation.id} invitation={invitation} members={members} />
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}

function InvitationRow({ invitation, members }: { invitation: Invitation; members: readonly Member[] }) {
  const { portfolio, id, label, role, madeBy, expiresAt } = invitation;
  const api = useTRPCClient();
  const revoke = useAction(() => api.invitation.revoke.mutate({ portfolio, id }));
  return (
    <li className="row">
      <div className="row-main">
        <p className="row-title">{label ?? 'For anybody with the link'}</p>
        <p className="muted small-text facts">
          <span>{roleWords[role]}</span>
          {madeBy !== null && <span>by {memberWords(madeBy, members)}</span>}
          <span>
            until <MinuteTime at={expiresAt} />
          </span>
        </p>
      </div>
      <div className="row-actions">
        <ConfirmButton
          word="Revoke"
          what={`the invitation ${label ? `for ${label}` : id}`}
          question="Its link can no longer be used."
          action={revoke}
        />
      </div>
    </li>
  );
}
