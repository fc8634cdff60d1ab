import type { Logger } from '@portfolio/core/runtime/log';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

/** Longer than every address of the API. Others may have 16 KB. */
const maxPathLength = 500;

/** The query is not logged: it may contain personal search terms, or a credential by mistake. */
export const withRequests = (log: Logger): Logger =>
  log.child(
    {},
    {
      serializers: {
        req: ({ method, url, host, ip }: FastifyRequest) => ({
          method,
          path: url.split('?', 1)[0]!.slice(0, maxPathLength),
          host,
          remoteAddress: ip,
        }),
      },
    },
  );

/**
 * Logs one line per request, when it is complete: changes and refused requests at `info`, successful reads, which are
 * most of the traffic, at `debug`.
 */
export class RequestLog extends LogController {
  override incomingRequest() {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply) {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const level = error ? 'error' : isRead && reply.statusCode < 400 ? 'debug' : 'info';
    request.log[level]({ req: request, res: reply, err: error, responseTime: reply.elapsedTime }, 'request');
  }
}
