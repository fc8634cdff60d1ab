import { useQuery } from '@tanstack/react-query';
import { useAction } from '../action.ts';
import { allPages } from '../all-pages.ts';
import { useTRPC, useTRPCClient } from '../api.tsx';
import { useSignOut } from '../session.ts';
import type { Session } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { Section } from '../ui/section.tsx';
import { Ago, MinuteTime } from '../ui/time.tsx';
import { browserWords } from './browser-words.ts';

/** The browsers in which the person is signed in. */
export function Sessions({ mayChange }: { mayChange: boolean }) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  const list = useQuery({
    queryKey: [...trpc.session.list.queryKey(), 'all'],
    queryFn: () => allPages((cursor) => api.session.list.query({ limit: 100, cursor })),
  });
  return (
    <Section title="Where you are signed in">
      <Loaded query={list} failure="Your sessions could not be loaded.">
        {(sessions) =>
          sessions.length === 0 ? (
            <p className="card panel muted">In no browser.</p>
          ) : (
            <>
              <ul className="card rows" aria-label="Sessions">
                {sessions.map((session) => (
                  <SessionRow key={session.id} session={session} mayChange={mayChange} />
                ))}
              </ul>
              {mayChange && <SignOutEverywhere sessions={sessions} />}
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

function SessionRow({ session, mayChange }: { session: Session; mayChange: boolean }) {
  const { id, isCurrent, userAgent, address, lastSeenAt, expiresAt } = session;
  const api = useTRPCClient();
  const signOut = useSignOut();
  const revoke = useAction(() => api.session.revoke.mutate({ id }));
  const browser = browserWords(userAgent);
  return (
    <li className="row">
      <div className="row-main">
        <p className="row-title">{browser}</p>
        <p className="muted small-text facts">
          {isCurrent && <span>this browser</span>}
          {address !== null && <span>{address}</span>}
          <span>
            seen <Ago at={lastSeenAt} />
          </span>
          <span>
            until <MinuteTime at={expiresAt} />
          </span>
        </p>
      </div>
      {mayChange && (
        <div className="row-actions">
          <button
            type="button"
            className="button small"
            disabled={revoke.isPending}
            onClick={() => (isCurrent ? signOut() : revoke.mutate())}
          >
            Sign out <span className="visually-hidden">{isCurrent ? 'here' : `of ${browser}`}</span>
          </button>
          <ActionProblem error={revoke.error} />
        </div>
      )}
    </li>
  );
}

function SignOutEverywhere({ sessions }: { sessions: readonly Session[] }) {
  const api = useTRPCClient();
  const signOut = useSignOut();
  const endsSession = sessions.some(({ isCurrent }) => isCurrent);
  const revokeAll = useAction(() => api.session.revokeAll.mutate({}), {
    endsSession,
    onDone: () => endsSession && signOut('You are signed out everywhere.'),
  });
  return (
    <div className="buttons">
      <button
        type="button"
        className="button"
        disabled={revokeAll.isPending}
        onClick={() => revokeAll.mutate()}
      >
        Sign out everywhere
      </button>
      <ActionProblem error={revokeAll.error} />
    </div>
  );
}
