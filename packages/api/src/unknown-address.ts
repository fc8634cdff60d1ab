import { AppError } from '@portfolio/core/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import findMyWay from 'find-my-way';
import { sendProblem } from './rest/problems.ts';

/** Node refuses what is longer, and Fastify what has a longer parameter than it reads. */
const longestAddress = 16_384;

/**
 * Answers requests that no route takes, before their body is read: 405 where the address is known, but not with this
 * method, 204 to OPTIONS, both with `Allow` (RFC 9110, 9.3.7 and 15.5.6), and 404 else. Sees the routes that are
 * registered after it. Those of files are no addresses of the API: what they have is known to the file system only.
 * `sendPage` may answer first, and says whether it did.
 */
export function answerUnknownAddresses(
  app: FastifyInstance,
  sendPage: (request: FastifyRequest, reply: FastifyReply) => boolean,
) {
  const known = findMyWay({ maxParamLength: longestAddress });
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

  /** The methods of the address that fits best, whatever another one that fits as well may have. */
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
  // For files that are not there, which is found out later.
  app.setNotFoundHandler(answer);
}

/** 204 to OPTIONS, 405 else, to a request at an address that has only the `found` methods. */
function refuseMethod(found: string[], request: FastifyRequest, reply: FastifyReply) {
  const allow = [...new Set([...found, 'OPTIONS'])].toSorted().join(', ');
  void reply.header('allow', allow);
  if (found.includes('PATCH')) void reply.header('accept-patch', 'application/json');
  if (request.method === 'OPTIONS') return reply.code(204).send();
  const detail = `${request.method} does nothing at ${pathOf(request)}; it has ${allow}.`;
  return sendProblem(new AppError('method_not_allowed', detail), request, reply);
}

function notFound(request: FastifyRequest) {
  return new AppError(
    'not_found',
    `There is nothing at ${request.method} ${pathOf(request)}; see /api/openapi.json.`,
  );
}

const pathOf = ({ url }: FastifyRequest) => url.split('?')[0];
