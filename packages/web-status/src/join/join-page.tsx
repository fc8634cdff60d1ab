import { problemOf } from '@portfolio/api/client';
import { useQuery } from '@tanstack/react-query';
import { useAction } from '../action.ts';
import { useTRPCClient } from '../api.tsx';
import { useMe } from '../me.ts';
import { Link, navigate, useAddress } from '../router.tsx';
import { useSignOut } from '../session.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PageHeading } from '../ui/page-heading.tsx';
import { MinuteTime } from '../ui/time.tsx';
import { personWords, roleHints, roleWords } from '../ui/words.ts';
import { forgetInvitation, invitationSecret } from './invitation-secret.ts';

/** What an invitation is to, and the button that accepts it. */
export function JoinPage() {
  const secret = invitationSecret(useAddress().hash);
  return secret === null ? <NoInvitation /> : <Offer key={secret} secret={secret} />;
}

function Offer({ secret }: { secret: string }) {
  const api = useTRPCClient();
  const offer = useQuery({
    queryKey: ['invitation', secret],
    queryFn: () => api.invitation.show.mutate({ secret }),
    // It is read once: each time stands in the audit log.
    staleTime: 'static',
  });
  const code = problemOf(offer.error)?.code;
  if (code === 'not_found' || code === 'invalid_input') return <NoInvitation />;
  return (
    <>
      <PageHeading title="Invitation">Invitation</PageHeading>
      <Loaded query={offer} failure="The invitation could not be loaded.">
        {({ portfolio, portfolioName, role, invitedBy, expiresAt }) => (
          <section className="card panel offer">
            <p className="offer-words">
              {invitedBy ?? 'An owner'} invites you to <strong>{portfolioName}</strong> as{' '}
              {roleWords[role].toLowerCase()}, who {roleHints[role]}.
            </p>
            <p className="muted small-text">
              It can be accepted until <MinuteTime at={expiresAt} />.
            </p>
            <Accept secret={secret} portfolio={portfolio} />
          </section>
        )}
      </Loaded>
    </>
  );
}

function Accept({ secret, portfolio }: { secret: string; portfolio: string }) {
  const api = useTRPCClient();
  const me = useMe();
  const signOut = useSignOut();
  const accept = useAction(() => api.invitation.accept.mutate({ secret }), {
    onDone(member) {
      forgetInvitation();
      navigate(`/portfolios/${member.portfolio}`, { replace: true });
    },
  });
  const isMember = me.data?.portfolios.some(({ slug }) => slug === portfolio);
  return (
    <>
      <div className="buttons">
        {isMember ? (
          <Link to={`/portfolios/${portfolio}`} className="button">
            You are a member already: open it
          </Link>
        ) : (
          <button
            type="button"
            className="button primary"
            disabled={accept.isPending}
            onClick={() => accept.mutate()}
          >
            {accept.isPending ? 'Joining…' : 'Join'}
          </button>
        )}
      </div>
      {!isMember && <ActionProblem error={accept.error} />}
      {me.data && (
        <p className="muted small-text">
          You are signed in as {personWords(me.data)}.{' '}
          <button type="button" className="link-button" onClick={() => signOut()}>
            Not you? Sign out
          </button>
        </p>
      )}
    </>
  );
}

function NoInvitation() {
  return (
    <section className="card empty">
      <PageHeading title="Invitation not found">This invitation cannot be used</PageHeading>
      <p>
        The link may be incomplete, or was used, was revoked or has expired. If you have joined with it, the
        portfolio is among yours; otherwise ask for a new link.
      </p>
      <Link to="/portfolios" className="button">
        Go to your portfolios
      </Link>
    </section>
  );
}
