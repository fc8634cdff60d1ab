import { type AppRouter, createClient, problemOf } from '@portfolio/api/client';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { TRPCClientErrorLike } from '@trpc/client';
import { createTRPCContext, type TRPCSubscriptionResult, useSubscription } from '@trpc/tanstack-react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { type SignOut, useSignOut } from './session.ts';

const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();
export { useTRPC, useTRPCClient };

const refusedNotice = 'Your API key is no longer accepted: it was revoked or has expired.';

/** Gives what is below it the API, in the name of the key. A key that is refused ends the session. */
export function ApiProvider({ apiKey, children }: { apiKey: string; children: ReactNode }) {
  const signOut = useSignOut();
  const [queryClient] = useState(() => createQueryClient(signOut));
  const [trpcClient] = useState(() => createClient({ baseUrl: location.origin, apiKey }));
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}

function createQueryClient(signOut: SignOut): QueryClient {
  const onError = (error: unknown) => {
    if (problemOf(error)?.code === 'unauthenticated') signOut(refusedNotice);
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // The browser's idea of being offline is wrong for a server on the same machine.
        networkMode: 'always',
        // Changes come by subscription.
        refetchOnWindowFocus: false,
        // The client repeats what may pass.
        retry: false,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

type StreamError = TRPCClientErrorLike<AppRouter>;
type StreamOptions<Item> = Parameters<typeof useSubscription<Item, StreamError>>[0];

/** A subscription; the client sees to it that it goes on. A refused key ends the session. */
export function useStream<Item>(options: StreamOptions<Item>): TRPCSubscriptionResult<Item, StreamError> {
  const signOut = useSignOut();
  const stream = useSubscription<Item, StreamError>(options);
  const isRefused = stream.status === 'error' && problemOf(stream.error)?.code === 'unauthenticated';
  useEffect(() => {
    if (isRefused) signOut(refusedNotice);
  }, [isRefused, signOut]);
  return stream;
}
