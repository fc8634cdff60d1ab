import { streams } from '@portfolio/core/telemetry/contract';
import type { FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';

type Transport = 'sse' | 'trpc' | 'websocket';
type StreamOfRequest = { transport: Transport; end(): void };

declare module 'fastify' {
  interface FastifyRequest {
    /** The stream that the response is, once it is open. */
    stream?: StreamOfRequest;
  }
}

const open: Record<Transport, number> = { sse: 0, trpc: 0, websocket: 0 };
const transports = Object.keys(open) as Transport[];
streams.open.observe(() =>
  transports.map((transport) => ({ value: open[transport], labels: { transport } })),
);

/** Counts a stream that somebody follows, until the returned function is called. Call it once. */
export function countStream(transport: Transport): () => void {
  const startedAt = performance.now();
  open[transport] += 1;
  return () => {
    open[transport] -= 1;
    streams.durations.record((performance.now() - startedAt) / 1000, { transport });
  };
}

/**
 * Makes the response to a request a stream, which is not among the requests: unless its client has disconnected while the
 * stream was opened, so that the request has ended.
 */
export function becomeStream(request: FastifyRequest, response: ServerResponse, transport: Transport) {
  if (response.destroyed) return;
  request.stream = { transport, end: countStream(transport) };
  // What it did to open it. Streams are followed for hours.
  request.span?.end();
}
