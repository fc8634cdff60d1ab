import { type AppRouter, createClient, problemOf } from '@portfolio/api/client';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { TRPCClientErrorLike } from '@trpc/client';
import { createTRPCContext, type TRPCSubscriptionResult, useSubscription } from '@trpc/tanstack-react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { type SignOut, useSignOut } from './session.ts';

const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();
export { useTRPC, useTRPCClient };

const refusedNotice = 'Your API key is no longer accepted: it was revoked or has expired.';

/** Provides the API client with this key to its children. A refused key ends the session. */
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
        // The browser may report to be offline while a local server is reachable.
        networkMode: 'always',
        // Changes are received by subscription.
        refetchOnWindowFocus: false,
        // The API client retries temporary failures itself.
        retry: false,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

type StreamError = TRPCClientErrorLike<AppRouter>;
type StreamOptions<Item> = Parameters<typeof useSubscription<Item, StreamError>>[0];

/** Subscribes to a stream, which the API client resumes after failures. A refused key ends the session. */
export function useStream<Item>(options: StreamOptions<Item>): TRPCSubscriptionResult<Item, StreamError> {
  const signOut = useSignOut();
  const stream = useSubscription<Item, StreamError>(options);
  const isRefused = stream.status === 'error' && problemOf(stream.error)?.code === 'unauthenticated';
  useEffect(() => {
    if (isRefused) signOut(refusedNotice);
  }, [isRefused, signOut]);
  return stream;
}
