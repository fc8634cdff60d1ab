import { createAuthenticate } from '../../packages/api/src/authenticate.ts';
import { buildServer, type ServerOptions } from '../../packages/api/src/server.ts';
import { type GroupSettings, createGroups, noGroups } from '../../packages/api/src/sign-in/groups.ts';
import type { Issuer } from '../../packages/api/src/sign-in/issuer.ts';
import { silentLog, testServices } from './services.ts';

/** The whole API on real services, listening on a free port of 127.0.0.1. */
export async function testApi(
  options: { issuers?: Issuer[]; groups?: GroupSettings } & Pick<
    Partial<ServerOptions>,
    | 'publicOrigin'
    | 'webRoot'
    | 'log'
    | 'traceReads'
    | 'securityLog'
    | 'rateLimits'
    | 'trustedProxyHops'
    | 'sharedCache'
  > & { databaseUrl?: string } = {},
) {
  const platform = await testServices({ databaseUrl: options.databaseUrl });
  const { services, sql, queues, bucket } = platform;
  const groups = createGroups({ db: services.db, log: silentLog }, options.groups ?? noGroups);
  const trust = { issuers: options.issuers ?? [], groups };
  const server = await buildServer({
    services,
    authenticate: createAuthenticate(services.db, trust),
    dependencies: {
      database: () => sql`select 1`,
      queue: (signal) => queues.check(signal),
      bucket: (signal) => bucket.check(signal),
    },
    sharedCache: options.sharedCache,
    log: options.log ?? silentLog,
    publicOrigin: options.publicOrigin,
    trust,
    webRoot: options.webRoot,
    securityLog: options.securityLog,
    rateLimits: options.rateLimits,
    trustedProxyHops: options.trustedProxyHops,
    traceReads: options.traceReads,
  });
  const baseUrl = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    ...platform,
    server,
    baseUrl,
    /** Fetches a path below the base URL; `key` is an API key, `json` a body. */
    call(
      method: string,
      path: string,
      { key, json, ...init }: RequestInit & { key?: string; json?: unknown } = {},
    ) {
      const headers = new Headers(init.headers);
      if (key) headers.set('authorization', `Bearer ${key}`);
      if (json !== undefined) headers.set('content-type', 'application/json');
      const body = json === undefined ? init.body : JSON.stringify(json);
      return fetch(baseUrl + path, { redirect: 'manual', ...init, method, headers, body: body ?? null });
    },
    async stop() {
      await server.close();
      await platform.stop();
    },
  };
}

export type TestApi = Awaited<ReturnType<typeof testApi>>;
