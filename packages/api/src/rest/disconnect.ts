import type { FastifyReply } from 'fastify';

/** Aborts when the client disconnects before its answer is complete. */
export function disconnectSignal({ raw }: FastifyReply): AbortSignal {
  // Fastify's `request.signal` may abort as soon as the body is read.
  const disconnected = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) disconnected.abort();
  });
  return disconnected.signal;
}
