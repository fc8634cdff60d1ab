import { AppError } from '@portfolio/core/errors';
import type { Tracked } from '@portfolio/core/operation';
import type { FastifyReply } from 'fastify';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Proxies close connections on which nothing moves, commonly after a minute. */
const pingMilliseconds = 15_000;

/** Sends items as server-sent events (WHATWG HTML, 9.2), at the pace of the client; ends when they end. */
export function streamEvents(reply: FastifyReply, items: AsyncIterable<Tracked<unknown>>) {
  const out = new PassThrough();
  const ping = setInterval(() => out.write(': ping\n\n'), pingMilliseconds);

  async function* lines() {
    yield ': open\n\n';
    for await (const { cursor, data } of items) yield `id: ${cursor}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  pipeline(lines(), out)
    .catch((error: unknown) => {
      const foreseen = error instanceof AppError || hasLeft(error);
      reply.log[foreseen ? 'info' : 'error']({ err: error }, 'event stream ended early');
    })
    .finally(() => clearInterval(ping));
  return reply
    .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    .send(out);
}

function hasLeft(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
