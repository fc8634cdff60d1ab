import { createTRPCClient, createWSClient, httpBatchLink, splitLink, wsLink } from '@trpc/client';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from './trpc/router.ts';

export type { AppRouter };
export type Inputs = inferRouterInputs<AppRouter>;
export type Outputs = inferRouterOutputs<AppRouter>;

/**
 * The typed client: `const api = createClient({ baseUrl, apiKey })`, then `api.job.read.query({ id })`.
 * `apiKey` is an API key or a token; without it the client reads what is published. Subscriptions go over a
 * WebSocket, opened with the first and closed after the last one, and resume where a lost connection broke off.
 */
export function createClient({ baseUrl, apiKey }: { baseUrl: string; apiKey?: string | undefined }) {
  const url = new URL('/trpc', baseUrl);
  const authorization = apiKey && `Bearer ${apiKey}`;
  const socket = createWSClient({
    url: url.href.replace(/^http/, 'ws'),
    // In the first message, not in the address, where it would end up in logs.
    connectionParams: authorization ? { authorization } : null,
    lazy: { enabled: true, closeMs: 1000 },
    // Quick at first, since most interruptions are short; at most five seconds apart.
    retryDelayMs: (attempt) => (attempt === 0 ? 0 : Math.min(250 * 2 ** attempt, 5000)),
    keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 5000 },
  });
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: wsLink({ client: socket }),
        false: httpBatchLink({
          url: url.href,
          headers: authorization ? { authorization } : {},
          maxURLLength: 4000,
          maxItems: 100,
        }),
      }),
    ],
  });
}

export type Client = ReturnType<typeof createClient>;
