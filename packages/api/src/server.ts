import type { Services } from '@portfolio/core/context';
import type { SharedCache } from '@portfolio/core/runtime/shared-cache';
import { AppError } from '@portfolio/core/errors';
import type { Dependencies } from '@portfolio/core/runtime/health';
import type { Logger } from '@portfolio/core/runtime/log';
import { smallInputBytes } from '@portfolio/core/operation';
import { apiStop } from '@portfolio/core/runtime/settings';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { access } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { SecurityLog } from '@portfolio/core/audit/security-log';
import { identifyCallers, refuseEarly } from './admission.ts';
import type { Authenticate } from './authenticate.ts';
import { Authenticator, type RateLimits } from './authenticator.ts';
import { trustHops } from './client-address.ts';
import { createFollow } from './follow.ts';
import { registerHealth } from './health.ts';
import { type LoadLimits, createLoad, shedLoad } from './load.ts';
import { createRequestLog } from './request-log.ts';
import { pathOfTarget, refuseManyHosts } from './request-target.ts';
import { RequestEnds, endClosed, endUnrouted, observeRequests, requestOn } from './request-telemetry.ts';
import { acceptBodies } from './rest/bodies.ts';
import { createBind } from './rest/bind.ts';
import { registerOpenApi } from './rest/openapi.ts';
import { registerOpenApiPage } from './rest/openapi-page.ts';
import { createPublishedCache } from './published-cache.ts';
import { createPublishedReads } from './published-reads.ts';
import { answerClientError, registerProblemTypes, sendProblem, toAppError } from './rest/problems.ts';
import { registerRoutes } from './rest/routes.ts';
import { createReportRefusal, reportRefusedRequests } from './security-events.ts';
import { addSecurityHeaders } from './security-headers.ts';
import { type SecurityContact, registerSecurityTxt } from './security-txt.ts';
import { createGroups, noGroups } from './sign-in/groups.ts';
import type { Trust } from './sign-in/issuer.ts';
import { registerSignIn } from './sign-in/routes.ts';
import { Connections } from './trpc/connection-limits.ts';
import { registerTrpc } from './trpc/http.ts';
import { attachWebSockets } from './trpc/websocket.ts';
import { answerUnknownAddresses } from './unknown-address.ts';
import { isPageRequest, registerWeb, sendPage } from './web.ts';

/** The time limit for receiving a request, including an image over a slow connection. Answers have no limit. */
const requestTimeoutMilliseconds = 60_000;
/** The time limit for the headers alone. Slow headers are an attack that ties up connections. */
const headersTimeoutMilliseconds = 20_000;
/** Longer than the minute of common load balancers. Otherwise they would use connections that are closing. */
const keepAliveMilliseconds = 75_000;

export type ServerOptions = {
  services: Services;
  authenticate: Authenticate;
  dependencies: Dependencies;
  /** The cache of published reads that processes share. Without it, each process only has its own. */
  sharedCache?: SharedCache | null | undefined;
  log: Logger;
  publicOrigin?: string | undefined;
  /** Without it, nobody signs in with a browser. */
  trust?: Trust | undefined;
  /** What `security.txt` says; without it, there is none. */
  security?: SecurityContact | undefined;
  /** Where refusals of note are counted. */
  securityLog?: SecurityLog | undefined;
  /** Without them, rates are not limited. */
  rateLimits?: RateLimits | undefined;
  /** The number of proxies in front whose X-Forwarded-For is trusted; 0 by default. */
  trustedProxyHops?: number | undefined;
  webRoot?: string | undefined;
  /** The limits beyond which requests are refused; those for production by default. */
  loadLimits?: LoadLimits;
  /** The share of anonymous reads that is traced; see `TRACE_READS`. */
  traceReads?: number | undefined;
  /** Aborts when the process is about to stop. It still serves then, but is not ready, and closes used connections. */
  stopping?: AbortSignal | undefined;
};

/** The whole API, ready to listen. Closing it ends subscriptions and lets running requests finish. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { authenticate, dependencies, sharedCache, log, publicOrigin, webRoot } = options;
  const {
    rateLimits,
    trustedProxyHops = 0,
    traceReads = 0.001,
    stopping = new AbortController().signal,
  } = options;
  const loggerInstance: FastifyBaseLogger = createRequestLog(log);
  const app = Fastify({
    loggerInstance,
    logController: new RequestEnds(),
    // Unlike a number, it also tells the requests of different processes apart.
    genReqId: () => randomUUID(),
    // Routes of operations with larger inputs have limits of their own.
    bodyLimit: smallInputBytes,
    rewriteUrl: pathOfTarget,
    trustProxy: trustHops(trustedProxyHops),
    forceCloseConnections: 'idle',
    // Requests that were received before the close are still answered.
    return503OnClosing: false,
    // The path of a tRPC batch names all its procedures in one parameter.
    routerOptions: { maxParamLength: 5000 },
    requestTimeout: requestTimeoutMilliseconds,
    keepAliveTimeout: keepAliveMilliseconds,
    http: { headersTimeout: headersTimeoutMilliseconds },
    frameworkErrors(error, request, reply) {
      endUnrouted(request, reply);
      void sendProblem(error, request, reply);
    },
    clientErrorHandler: (error, socket) =>
      answerClientError(error, socket, { request: requestOn(socket), log }),
  });
  observeRequests(app, traceReads);
  app.setErrorHandler(sendProblem);
  addSecurityHeaders(app);
  refuseManyHosts(app);
  answerUnknownAddresses(app, (request, reply) => {
    if (!webRoot || !isPageRequest(request)) return false;
    void sendPage(reply);
    return true;
  });
  const load = createLoad(app, options.loadLimits);
  app.addHook('onClose', () => load.stop());
  shedLoad(app, load);
  const authenticator = new Authenticator(authenticate, rateLimits);
  const reportRefusal = createReportRefusal(options.securityLog);
  reportRefusedRequests(app, reportRefusal);
  const services: Services = { ...options.services, limitsOf: (actor) => authenticator.left(actor) };
  const { trust = { issuers: [], groups: createGroups({ db: services.db, log }, noGroups) } } = options;
  identifyCallers(app, authenticator, publicOrigin);
  refuseEarly(app, services);
  acceptBodies(app);

  registerHealth(app, {
    dependencies,
    own: webRoot ? { page: () => access(join(webRoot, 'index.html')) } : {},
    isSaturated: () => load.isSaturated(),
    stopping,
  });
  // Makes clients open their next connection to another process.
  app.addHook('onSend', async (_request, reply) => {
    if (stopping.aborted) void reply.header('connection', 'close');
  });
  registerSecurityTxt(app, options);
  registerOpenApi(app);
  await registerOpenApiPage(app);
  registerProblemTypes(app);
  const closing = new AbortController();
  const cache = createPublishedCache((error) => toAppError(error)?.code === 'unavailable', sharedCache);
  app.addHook('onClose', () => cache.close());
  services.published.onChange(cache.changed);
  const publishedReads = createPublishedReads(services, cache);
  const follow = createFollow(services, authenticate, (error) =>
    log.error({ err: error }, 'ending a stream failed'),
  );
  const connections = new Connections();
  const bound = { services, publishedReads, follow, connections, reportRefusal, closing: closing.signal };
  registerRoutes(createBind(app, bound));
  await registerSignIn(app, {
    services,
    authenticator,
    publicOrigin,
    trust,
    securityLog: options.securityLog,
  });
  await registerTrpc(app, bound);
  if (webRoot) await registerWeb(app, webRoot);

  const sockets = attachWebSockets(app.server, {
    services,
    authenticator,
    follow,
    connections,
    reportRefusal,
    traceReads,
    securityLog: options.securityLog,
    publicOrigin,
    trustedProxyHops,
    log: app.log,
  });
  const drain = createDrain(app.server);
  app.addHook('preClose', async () => {
    closing.abort(new AppError('unavailable', 'The server is stopping. Connect again.'));
    await sockets.close();
    drain();
  });
  return app;
}

/**
 * Returns a function that closes a server's connections as they become idle, and all of them once no request is running
 * or at a deadline. Node itself closes only those that are idle at first, and waits for unused ones of browsers.
 */
function createDrain(server: Server): () => void {
  let running = 0;
  server.on('request', (_request, response: ServerResponse) => {
    running += 1;
    response.once('close', () => {
      running -= 1;
      endClosed(response);
    });
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
