import { useQuery } from '@tanstack/react-query';
import { allPages } from '../all-pages.ts';
import { useTRPC, useTRPCClient } from '../api.tsx';
import { KeyList } from '../keys/key-list.tsx';
import { grantable } from '../keys/key-state.ts';
import { NewKey } from '../keys/new-key.tsx';
import type { Access } from '../access.ts';
import type { Me, Portfolio } from '../types.ts';
import { Loaded } from '../ui/loaded.tsx';
import { Section } from '../ui/section.tsx';
import { memberWords } from '../ui/words.ts';
import { useMembers } from './members.tsx';

/** The keys that work in a portfolio only, with those that have ended. */
export function PortfolioKeys({
  portfolio: { slug },
  access,
  me,
}: {
  portfolio: Portfolio;
  access: Access;
  me: Me;
}) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  const members = useMembers(slug);
  const list = useQuery({
    queryKey: [...trpc.apiKey.list.queryKey(), 'all', slug],
    queryFn: () => allPages((cursor) => api.apiKey.list.query({ portfolio: slug, limit: 100, cursor })),
  });
  const mayChange = access.may('api-key:write');
  return (
    <>
      <Section
        title="Keys of this portfolio"
        about="They are for programs, and work in this portfolio only. The keys that an owner made end with that role."
      >
        <Loaded query={list} failure="The keys could not be loaded.">
          {(keys) => (
            <KeyList
              keys={keys}
              readAt={list.dataUpdatedAt}
              makerOf={({ madeBy }) =>
                madeBy === null ? undefined : memberWords(madeBy, members.data ?? [])
              }
              revoke={mayChange ? ({ id }) => api.apiKey.revoke.mutate({ portfolio: slug, id }) : undefined}
            />
          )}
        </Loaded>
      </Section>
      {mayChange && (
        <Section title="New key">
          <NewKey
            scopes={grantable(me.scopes)}
            create={(wanted) => api.apiKey.create.mutate({ portfolio: slug, ...wanted })}
          />
        </Section>
      )}
    </>
  );
}
