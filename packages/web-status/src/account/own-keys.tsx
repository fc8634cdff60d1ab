import { useQuery } from '@tanstack/react-query';
import { allPages } from '../all-pages.ts';
import { useTRPC, useTRPCClient } from '../api.tsx';
import { KeyList } from '../keys/key-list.tsx';
import { grantable } from '../keys/key-state.ts';
import { NewKey } from '../keys/new-key.tsx';
import type { Me } from '../types.ts';
import { Loaded } from '../ui/loaded.tsx';
import { Section } from '../ui/section.tsx';

/** The keys that act as the person in all portfolios of the person. */
export function OwnKeys({ me }: { me: Me }) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  const list = useQuery({
    queryKey: [...trpc.ownKey.list.queryKey(), 'all'],
    queryFn: () => allPages((cursor) => api.ownKey.list.query({ limit: 100, cursor })),
  });
  const mayChange = me.scopes.includes('api-key:write');
  return (
    <>
      <Section title="Your keys" about="They are for programs that act as you, in all your portfolios.">
        <Loaded query={list} failure="Your keys could not be loaded.">
          {(keys) => (
            <KeyList
              keys={keys}
              readAt={list.dataUpdatedAt}
              revoke={mayChange ? ({ id }) => api.ownKey.revoke.mutate({ id }) : undefined}
            />
          )}
        </Loaded>
      </Section>
      {mayChange && (
        <Section title="New key">
          <NewKey scopes={grantable(me.scopes)} create={api.ownKey.create.mutate} />
        </Section>
      )}
    </>
  );
}
