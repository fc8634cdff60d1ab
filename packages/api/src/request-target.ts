import { AppError } from '@portfolio/core/errors';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';

/**
 * The path and the query of a request target. An absolute one (RFC 9112, 3.2.2) names a host, too, which must not get
 * into links.
 */
export function pathOfTarget({ url = '/' }: IncomingMessage): string {
  if (url.startsWith('/')) return url;
  const parsed = URL.parse(url);
  return parsed ? parsed.pathname + parsed.search : url;
}

/** Proxies and servers may each use another one of several hosts (RFC 9112, 3.2). */
export function hasManyHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

export function refuseManyHosts(app: FastifyInstance) {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!hasManyHosts(request.raw)) return done();
    done(new AppError('malformed_request', 'Expected one Host header.'));
  });
}
