import type { Services } from '@portfolio/core/context';
import type { SharedCache } from '@portfolio/core/runtime/shared-cache';
import { AppError } from '@portfolio/core/errors';
import type { Dependencies } from '@portfolio/core/runtime/health';
import type { Logger } from '@portfolio/core/runtime/log';
import { apiStop } from '@portfolio/core/runtime/settings';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { access } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Authenticate, createRequestActors } from './authenticate.ts';
import { trustHops } from './client-address.ts';
import { registerHealth } from './health.ts';
import { type LoadLimits, createLoad, shedLoad } from './load.ts';
import { type RateLimits, limitRates } from './rate-limit.ts';
import { RequestLog } from './request-log.ts';
import { acceptBodies, bodyLimitBytes } from './rest/bodies.ts';
import { createBind } from './rest/bind.ts';
import { registerOpenApi } from './rest/openapi.ts';
import { registerOpenApiPage } from './rest/openapi-page.ts';
import { createPublishedCache } from './published-cache.ts';
import { createPublishedReads } from './published-reads.ts';
import { answerClientError, registerProblemTypes, sendProblem, toAppError } from './rest/problems.ts';
import { registerRoutes } from './rest/routes.ts';
import { addSecurityHeaders } from './security-headers.ts';
import { registerTrpc } from './trpc/http.ts';
import { attachWebSockets } from './trpc/websocket.ts';
import { answerUnknownAddresses } from './unknown-address.ts';
import { asksForPage, registerWeb, sendPage } from './web.ts';

/** How long a request may take to arrive, an image at a slow pace included. Answers may take what they need. */
const requestTimeoutMilliseconds = 60_000;
/** The same for its headers alone, which nobody sends slowly but to hold connections. */
const headersTimeoutMilliseconds = 20_000;
/** Load balancers keep connections for a minute: theirs must end first, or requests meet one that is being closed. */
const keepAliveMilliseconds = 75_000;

export type ServerOptions = {
  services: Services;
  authenticate: Authenticate;
  dependencies: Dependencies;
  /** What processes have in common of published reads; left out, each has its own memory. */
  sharedCache?: SharedCache | null | undefined;
  log: Logger;
  publicOrigin?: string | undefined;
  /** Left out, nobody is limited. */
  rateLimits?: RateLimits | undefined;
  /** Proxies of ours whose X-Forwarded-For is believed. */
  trustedProxyHops?: number | undefined;
  webRoot?: string | undefined;
  /** When work is refused; left out, as is good in production. */
  loadLimits?: LoadLimits;
  /** Aborts when the process is about to stop: it goes on to serve, but is not ready, and keeps no connection. */
  leaving?: AbortSignal | undefined;
};

/** The whole API, ready to listen. Closing it ends subscriptions and lets running requests finish. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { services, authenticate, dependencies, sharedCache, log, publicOrigin, webRoot } = options;
  const { rateLimits, trustedProxyHops = 0, leaving = new AbortController().signal } = options;
  const loggerInstance: FastifyBaseLogger = log;
  const app = Fastify({
    loggerInstance,
    logController: new RequestLog(),
    bodyLimit: bodyLimitBytes,
    trustProxy: trustHops(trustedProxyHops),
    forceCloseConnections: 'idle',
    // Everything is still there while the server closes: what has come in is answered.
    return503OnClosing: false,
    // A batch of tRPC names all its procedures in one parameter.
    routerOptions: { maxParamLength: 5000 },
    requestTimeout: requestTimeoutMilliseconds,
    keepAliveTimeout: keepAliveMilliseconds,
    http: { headersTimeout: headersTimeoutMilliseconds },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: answerClientError,
  });
  app.setErrorHandler(sendProblem);
  addSecurityHeaders(app);
  answerUnknownAddresses(app, (request, reply) => {
    if (!webRoot || !asksForPage(request)) return false;
    void sendPage(reply);
    return true;
  });
  const load = createLoad(app, options.loadLimits);
  app.addHook('onClose', () => load.stop());
  shedLoad(app, load);
  const actors = createRequestActors(authenticate);
  if (rateLimits) limitRates(app, rateLimits, actors);
  acceptBodies(app);

  registerHealth(app, {
    dependencies,
    own: webRoot ? { page: () => access(join(webRoot, 'index.html')) } : {},
    isSaturated: () => load.isSaturated(),
    leaving,
  });
  // Who keeps a connection here makes its next one elsewhere.
  app.addHook('onSend', async (_request, reply) => {
    if (leaving.aborted) void reply.header('connection', 'close');
  });
  registerOpenApi(app);
  await registerOpenApiPage(app);
  registerProblemTypes(app);
  const closing = new AbortController();
  const cache = createPublishedCache((error) => toAppError(error)?.code === 'unavailable', sharedCache);
  services.published.onChange(cache.changed);
  const publishedReads = createPublishedReads(services, cache);
  const bound = { services, actors, publishedReads, closing: closing.signal };
  registerRoutes(createBind(app, bound));
  await registerTrpc(app, bound);
  if (webRoot) await registerWeb(app, webRoot);

  const sockets = attachWebSockets(app.server, {
    services,
    authenticate,
    publicOrigin,
    rateLimits,
    trustedProxyHops,
    log: app.log,
  });
  const drain = createDrain(app.server);
  app.addHook('preClose', async () => {
    closing.abort(new AppError('unavailable', 'The server is stopping; connect again.'));
    await sockets.close();
    drain();
  });
  return app;
}

/**
 * Returns what ends a server's connections when it closes. Node ends those that are idle by then; it waits for
 * those that fall idle later, and for those that browsers open ahead of a request that never comes.
 */
function createDrain(server: Server): () => void {
  let running = 0;
  server.on('request', (_request, response: ServerResponse) => {
    running += 1;
    response.once('close', () => (running -= 1));
  });
  return () => {
    const deadline = Date.now() + apiStop.drain * 1000;
    const sweep = setInterval(() => {
      if (running === 0 || Date.now() > deadline) server.closeAllConnections();
      else server.closeIdleConnections();
    }, 50).unref();
    server.once('close', () => clearInterval(sweep));
  };
}
