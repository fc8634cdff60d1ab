import { type AppRouter, createClient } from '@portfolio/api/client';
import {
  MutationCache,
  QueryCache,
  QueryClient,
  QueryClientProvider,
  useQueryClient,
} from '@tanstack/react-query';
import { createTRPCContext, type TRPCSubscriptionResult, useSubscription } from '@trpc/tanstack-react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { type ApiError, isTemporary, problemCode } from './problem.ts';
import { type SignOut, useSignOut } from './session.ts';

const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();
export { useTRPC, useTRPCClient };

const refusedNotice = 'Your API key is no longer accepted: it was revoked or has expired.';
const streamRetryMilliseconds = 5000;

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
    if (problemCode(error) === 'unauthenticated') signOut(refusedNotice);
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
        retry: (failures, error) => isTemporary(error) && failures < 2,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

type StreamOptions<Item> = Parameters<typeof useSubscription<Item, ApiError>>[0];

/**
 * A subscription that goes on: a lost connection is resumed by the client; where the server ended the stream
 * with an error that may pass, it is started anew and the page read again. A refused key ends the session.
 */
export function useStream<Item>(options: StreamOptions<Item>): TRPCSubscriptionResult<Item, ApiError> {
  const signOut = useSignOut();
  const queryClient = useQueryClient();
  const stream = useSubscription<Item, ApiError>(options);
  const { error, status, reset } = stream;
  useEffect(() => {
    if (status !== 'error') return undefined;
    if (problemCode(error) === 'unauthenticated') signOut(refusedNotice);
    if (!isTemporary(error)) return undefined;
    const retry = setTimeout(() => {
      reset();
      void queryClient.invalidateQueries();
    }, streamRetryMilliseconds);
    return () => clearTimeout(retry);
  }, [status, error, reset, signOut, queryClient]);
  return stream;
}
