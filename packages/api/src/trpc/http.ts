import type { Services } from '@portfolio/core/context';
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify';
import type { FastifyInstance } from 'fastify';
import type { Authenticate } from '../authenticate.ts';
import { type AppRouter, appRouter } from './router.ts';

/** tRPC over HTTP at `/trpc`. `closing` aborts when the server stops. */
export async function registerTrpc(
  app: FastifyInstance,
  {
    services,
    authenticate,
    closing,
  }: { services: Services; authenticate: Authenticate; closing: AbortSignal },
) {
  await app.register(fastifyTRPCPlugin, {
    prefix: '/trpc',
    trpcOptions: {
      router: appRouter,
      createContext: ({ req }) => ({
        services,
        actor: () => authenticate(req.headers.authorization),
        closing,
        logError: (error) => req.log.error({ err: error }, 'procedure failed'),
      }),
    },
  } satisfies FastifyTRPCPluginOptions<AppRouter>);
}
