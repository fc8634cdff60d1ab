import { AppError } from '@portfolio/core/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import findMyWay from 'find-my-way';
import { closeUnread } from './rest/bodies.ts';
import { sendProblem } from './rest/problems.ts';

/** Node refuses longer addresses, and Fastify longer parameters. */
const maxAddressLength = 16_384;

/**
 * Answers requests that match no route, before their body is read: 405 for an unsupported method and 204 for OPTIONS,
 * both with `Allow` (RFC 9110, 9.3.7 and 15.5.6), otherwise 404. Register it before the routes; routes of static files
 * are ignored. `sendPage` may answer instead of the 404, and returns true where it did.
 */
export function answerUnknownAddresses(
  app: FastifyInstance,
  sendPage: (request: FastifyRequest, reply: FastifyReply) => boolean,
) {
  const known = findMyWay({ maxParamLength: maxAddressLength });
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ method, url }) => {
    if (url.endsWith('*')) return;
    let methods = methodsOf.get(url);
    if (!methods) {
      methods = new Set();
      methodsOf.set(url, methods);
      known.on('GET', url, () => {}, methods);
    }
    for (const each of [method].flat()) methods.add(each);
  });

  /** The methods of the route whose path matches best. Other matching paths are ignored. */
  const methodsAt = ({ url }: FastifyRequest) => known.find('GET', url)?.store as Set<string> | undefined;

  function answer(request: FastifyRequest, reply: FastifyReply) {
    const found = methodsAt(request);
    if (found) return refuseMethod([...found], request, reply);
    if (sendPage(request, reply)) return reply;
    return sendProblem(notFound(request), request, reply);
  }

  app.addHook('onRequest', (request, reply, done) => {
    const isRefused = request.is404 || methodsAt(request)?.has(request.method) === false;
    if (isRefused) void answer(request, reply);
    else done();
  });
  // For missing static files, which are noticed only after routing.
  app.setNotFoundHandler(answer);
}

/** Answers with 204 to OPTIONS and with 405 to all else, at an address that has the `found` methods only. */
function refuseMethod(found: string[], request: FastifyRequest, reply: FastifyReply) {
  const allow = [...new Set([...found, 'OPTIONS'])].toSorted().join(', ');
  void reply.header('allow', allow);
  if (found.includes('PATCH')) void reply.header('accept-patch', 'application/json');
  if (request.method === 'OPTIONS') {
    closeUnread(request, reply);
    return reply.code(204).send();
  }
  const detail = `${request.method} is not allowed on ${pathOf(request)}. Allowed: ${allow}.`;
  return sendProblem(new AppError('method_not_allowed', detail), request, reply);
}

function notFound(request: FastifyRequest) {
  return new AppError(
    'not_found',
    `No route matches ${request.method} ${pathOf(request)}. See /api/openapi.json for all routes.`,
  );
}

const pathOf = ({ url }: FastifyRequest) => url.split('?')[0];
