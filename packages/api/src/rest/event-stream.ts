import { AppError } from '@portfolio/core/errors';
import type { OpenStream, Receiver } from '@portfolio/core/stream';
import type { FastifyReply } from 'fastify';
import { PassThrough } from 'node:stream';
import { eventOf } from '../encode.ts';
import { noteFailure } from '../request-log.ts';
import { becomeStream } from '../stream-telemetry.ts';

/** Shorter than the idle timeout of common proxies, which is a minute. */
const pingMilliseconds = 15_000;
const ping = ': ping\n\n';

/**
 * Sends a stream as server-sent events (WHATWG HTML, 9.2). The answer ends with the stream; where it is over before its
 * first item, the answer is 204, which tells browsers not to connect again.
 */
export async function streamEvents<T>(
  reply: FastifyReply,
  closing: AbortSignal,
  open: (receiver: Receiver<T>) => Promise<OpenStream>,
) {
  const out = new PassThrough();
  let isEmpty = true;
  const stream = await open({
    item(item) {
      isEmpty = false;
      out.write(eventOf(item));
    },
    isFull: () => out.writableNeedDrain,
    end(error) {
      if (error === undefined) out.end();
      else fail(error);
    },
  });
  if (isEmpty && out.writableEnded) return reply.code(204).header('cache-control', 'no-store').send();
  becomeStream(reply.request, reply.raw, 'sse');
  // The headers are sent with the first bytes, and until then a client does not know that the stream is open.
  if (isEmpty) out.write(ping);

  function fail(error: unknown) {
    // Why a client has to connect again is said by the line of the request, whatever it is.
    noteFailure(reply.request, error instanceof AppError ? 'info' : 'error', error);
    out.destroy();
  }
  const stop = () => fail(closing.reason);
  let wasFull = false;
  const pings = setInterval(() => {
    // A client that has read nothing since the last time.
    if (wasFull && out.writableNeedDrain)
      return fail(new AppError('unavailable', 'Client reads too slowly.'));
    wasFull = out.writableNeedDrain;
    if (!wasFull) out.write(ping);
  }, pingMilliseconds);
  out.on('drain', () => {
    wasFull = false;
    stream.resume();
  });
  out.once('close', () => {
    clearInterval(pings);
    closing.removeEventListener('abort', stop);
    stream.close();
  });
  if (closing.aborted) stop();
  else closing.addEventListener('abort', stop, { once: true });
  return reply
    .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    .send(out);
}
