import { createTRPCClient, httpBatchLink, httpLink, splitLink } from '@trpc/client';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { idempotencyHeader, idempotencyLink } from './client/idempotency.ts';
import { retryLink } from './client/retry.ts';
import { subscriptionLink } from './client/subscriptions.ts';
import { traceHeader, traceLink } from './client/trace.ts';
import type { AppRouter } from './trpc/router.ts';

/** @public */
export { type ApiError, problemOf, result } from './client/errors.ts';
export { isTemporary } from './client/retry.ts';
export type { AppRouter };
export type Inputs = inferRouterInputs<AppRouter>;
export type Outputs = inferRouterOutputs<AppRouter>;

export type ClientOptions = {
  /** The origin of the API, such as `https://portfolio.example`. */
  baseUrl: string;
  /**
   * An API key or a token, or a function that returns one. It is called before each request, so that tokens may expire.
   * Without a key, the client is an anonymous reader, or acts by the session of its browser on a page of the API.
   */
  apiKey?: string | (() => string | Promise<string>) | undefined;
  /** The time limit for each attempt of a query or mutation; 30 by default. */
  timeoutSeconds?: number;
  /** The number of retries of a query or mutation after a temporary failure; 3 by default. */
  retries?: number;
};

/** The typed client: `const api = createClient({ baseUrl, apiKey })`, then `api.job.read.query({ id })`. */
export function createClient({ baseUrl, apiKey, timeoutSeconds = 30, retries = 3 }: ClientOptions) {
  const { href: url } = new URL('/trpc', baseUrl);
  async function readAuthorization() {
    const key = typeof apiKey === 'function' ? await apiKey() : apiKey;
    return key ? `Bearer ${key}` : undefined;
  }
  async function readHeaders(): Promise<Record<string, string>> {
    const authorization = await readAuthorization();
    return authorization === undefined ? {} : { authorization };
  }
  const http = { url, fetch: fetchWithin(timeoutSeconds) };
  return createTRPCClient<AppRouter>({
    links: [
      idempotencyLink,
      traceLink,
      retryLink({ retries, canRenewKey: typeof apiKey !== 'string' }),
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: subscriptionLink(url, readAuthorization),
        false: splitLink({
          condition: ({ type }) => type === 'mutation',
          // Not batched, since each mutation has its own idempotency key.
          true: httpLink({
            ...http,
            headers: async ({ op }) => ({
              ...(await readHeaders()),
              ...traceHeader([op]),
              ...idempotencyHeader(op),
            }),
          }),
          false: httpBatchLink({
            ...http,
            headers: async ({ opList }) => ({ ...(await readHeaders()), ...traceHeader(opList) }),
            maxURLLength: 4000,
            maxItems: 100,
          }),
        }),
      }),
    ],
  });
}

export type Client = ReturnType<typeof createClient>;

/** `fetch` that rejects with a TimeoutError after a number of seconds. */
function fetchWithin(seconds: number): typeof fetch {
  return (input, init) => {
    const signals = [init?.signal, AbortSignal.timeout(seconds * 1000)].filter((signal) => signal != null);
    return fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
}
