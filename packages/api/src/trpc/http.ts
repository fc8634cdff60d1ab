import type { Services } from '@portfolio/core/context';
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify';
import type { FastifyInstance } from 'fastify';
import type { Authenticate } from '../authenticate.ts';
import { type AppRouter, appRouter } from './router.ts';

/** tRPC over HTTP at `/trpc`. */
export async function registerTrpc(app: FastifyInstance, services: Services, authenticate: Authenticate) {
  await app.register(fastifyTRPCPlugin, {
    prefix: '/trpc',
    trpcOptions: {
      router: appRouter,
      createContext: ({ req }) => ({
        services,
        actor: () => authenticate(req.headers.authorization),
        logError: (error) => req.log.error({ err: error }, 'procedure failed'),
      }),
    },
  } satisfies FastifyTRPCPluginOptions<AppRouter>);
}
