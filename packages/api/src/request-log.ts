import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

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
