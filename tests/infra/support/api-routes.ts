import type { FastifyInstance } from 'fastify';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { buildServer } from '../../../packages/api/src/server.ts';
import { anonymous } from '../../../packages/core/src/actor.ts';
import type { Services } from '../../../packages/core/src/context.ts';
import { silentLog } from '../../support/services.ts';

/** A method and a path that the API serves, with something in place of its parameters. */
export type ApiRoute = { method: string; path: string };

const created = 'fastify.initialization';
/** The route of tRPC has all methods of Node. Nobody uses these two, and proxies refuse them. */
const unusedMethods = ['TRACE', 'QUERY'];

/** All routes of the server that runs in a stage, as Fastify knows them: also those of plugins. */
export async function routesOfApi(): Promise<ApiRoute[]> {
  const routes: ApiRoute[] = [];
  const collect = (message: unknown) =>
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      const path = url.replaceAll(/:\w+/g, 'x').replace(/\*$/, 'x/y.js');
      const used = [method].flat().filter((one) => !unusedMethods.includes(one));
      routes.push(...used.map((one) => ({ method: one, path })));
    });
  subscribe(created, collect);
  try {
    const server = await buildServer({
      services: { published: { onChange() {} } } as unknown as Services,
      authenticate: async () => anonymous,
      dependencies: {},
      log: silentLog,
      publicOrigin: 'https://portfolio.example.com',
      security: { contact: 'mailto:security@example.com' },
    });
    await server.ready();
    await server.close();
  } finally {
    unsubscribe(created, collect);
  }
  return routes;
}
