import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

/**
 * One line a request, when it is done. What changes something or is refused is logged at `info`; reads that
 * succeed are most of the traffic, and logged at `debug`.
 */
export class RequestLog extends LogController {
  override incomingRequest() {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply) {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const level = error ? 'error' : isRead && reply.statusCode < 400 ? 'debug' : 'info';
    request.log[level]({ req: request, res: reply, err: error, responseTime: reply.elapsedTime }, 'request');
  }
}
