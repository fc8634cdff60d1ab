import { useQuery } from '@tanstack/react-query';
import { allPages } from '../all-pages.ts';
import { useTRPC, useTRPCClient } from '../api.tsx';
import type { Access } from '../access.ts';
import type { Me, Portfolio } from '../types.ts';
import { Loaded } from '../ui/loaded.tsx';
import { Section } from '../ui/section.tsx';
import { Invitations } from './invitations.tsx';
import { Invite } from './invite.tsx';
import { MemberRow } from './member-row.tsx';

/** All members of a portfolio. */
export function useMembers(portfolio: string) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  return useQuery({
    queryKey: [...trpc.member.list.queryKey(), 'all', portfolio],
    queryFn: () => allPages((cursor) => api.member.list.query({ portfolio, limit: 100, cursor })),
  });
}

/** Who the members of a portfolio are; for owners also how others become members. */
export function Members({ portfolio, access, me }: { portfolio: Portfolio; access: Access; me: Me }) {
  const members = useMembers(portfolio.slug);
  const mayChange = access.may('portfolio:write');
  return (
    <>
      <Section title="Members">
        <Loaded query={members} failure="The members could not be loaded.">
          {(all) => (
            <ul className="card rows" aria-label="Members">
              {all.map((member) => (
                <MemberRow key={member.id} member={member} isMe={member.id === me.id} mayChange={mayChange} />
              ))}
            </ul>
          )}
        </Loaded>
      </Section>
      {mayChange && (
        <>
          <Invite portfolio={portfolio.slug} />
          <Invitations portfolio={portfolio.slug} members={members.data ?? []} />
        </>
      )}
    </>
  );
}
