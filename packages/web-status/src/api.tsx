import { type AppRouter, createClient, problemOf } from '@portfolio/api/client';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { TRPCClientErrorLike } from '@trpc/client';
import { createTRPCContext, type TRPCSubscriptionResult, useSubscription } from '@trpc/tanstack-react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { type Credential, type SignOut, useSignOut } from './session.ts';
import { SignInAgain } from './sign-in-again.tsx';

const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();
export { useTRPC, useTRPCClient };

const refusedNotice =
  'You are no longer signed in: your session or API key has ended. Sign in again to continue.';

/**
 * Provides the API client to its children. It acts by a key, or without one by the session of the browser. What is refused as
 * ended signs out, and what needs a recent sign-in leads to one.
 */
export function ApiProvider({ credential, children }: { credential: Credential; children: ReactNode }) {
  const signOut = useSignOut();
  const [isAskedAgain, setAskedAgain] = useState(false);
  const [queryClient] = useState(() => createQueryClient(signOut, () => setAskedAgain(true)));
  const [trpcClient] = useState(() => {
    const apiKey = credential === 'session' ? undefined : credential.apiKey;
    return createClient({ baseUrl: location.origin, apiKey });
  });
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {children}
        {isAskedAgain && <SignInAgain onClose={() => setAskedAgain(false)} />}
      </TRPCProvider>
    </QueryClientProvider>
  );
}

function createQueryClient(signOut: SignOut, askAgain: () => void): QueryClient {
  const onError = (error: unknown) => {
    const code = problemOf(error)?.code;
    if (code === 'unauthenticated') signOut(refusedNotice);
    if (code === 'recent_sign_in_required') askAgain();
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

/** Subscribes to a stream, which the API client resumes after failures. A refused credential signs out. */
export function useStream<Item>(options: StreamOptions<Item>): TRPCSubscriptionResult<Item, StreamError> {
  const signOut = useSignOut();
  const stream = useSubscription<Item, StreamError>(options);
  const isRefused = stream.status === 'error' && problemOf(stream.error)?.code === 'unauthenticated';
  useEffect(() => {
    if (isRefused) signOut(refusedNotice);
  }, [isRefused, signOut]);
  return stream;
}
