import { AppError } from '@portfolio/core/errors';
import type { Tracked } from '@portfolio/core/operation';
import type { FastifyReply } from 'fastify';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Shorter than the idle timeout of common proxies, which is a minute. */
const pingMilliseconds = 15_000;

/** Sends items as server-sent events (WHATWG HTML, 9.2) with backpressure. The answer ends with the items. */
export function streamEvents(reply: FastifyReply, items: AsyncIterable<Tracked<unknown>>) {
  const out = new PassThrough();
  const ping = setInterval(() => out.write(': ping\n\n'), pingMilliseconds);

  async function* lines() {
    yield ': open\n\n';
    for await (const { cursor, data } of items) yield `id: ${cursor}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  pipeline(lines(), out)
    .catch((error: unknown) => {
      const isExpected = error instanceof AppError || isDisconnect(error);
      reply.log[isExpected ? 'info' : 'error']({ err: error }, 'event stream ended early');
    })
    .finally(() => clearInterval(ping));
  return reply
    .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    .send(out);
}

function isDisconnect(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
