import { AppError, toProblem } from '@portfolio/core/errors';
import type { Backlog } from '@portfolio/core/job/backlog';
import { listenHttp } from '@portfolio/core/runtime/listen-http';
import type { Logger } from '@portfolio/core/runtime/log';
import { isKnownOutage } from '@portfolio/core/runtime/outage';
import { type SpanContext, newSpanContext, readTraceparent } from '@portfolio/core/telemetry/trace';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toAppError } from './rest/problems.ts';

/**
 * Serves what only the cluster may reach, without credentials, at a port of its own: `/backlog`, the unfinished jobs and
 * how many workers they need, for the autoscaler.
 */
export async function serveInternal(
  at: { host: string; port: number },
  { readBacklog, log }: { readBacklog: () => Promise<Backlog>; log: Pick<Logger, 'warn' | 'error'> },
): Promise<{ port: number; close(): void }> {
  async function answerBacklog(response: ServerResponse, { traceId }: SpanContext) {
    try {
      send(response, 200, await readBacklog());
    } catch (error) {
      const known = toAppError(error);
      const about = { err: error, trace_id: traceId };
      if (!known) log.error(about, 'the backlog could not be read');
      else if (!isKnownOutage(known)) log.warn(about, 'the backlog could not be read');
      sendProblem(response, known ?? error, traceId);
    }
  }

  return listenHttp(at, (request, response) => {
    const trace = traceOf(request);
    if (request.method === 'GET' && request.url === '/backlog') void answerBacklog(response, trace);
    else sendProblem(response, new AppError('not_found', 'There is only GET /backlog.'), trace.traceId);
  });
}

const traceOf = ({ headers }: IncomingMessage) => readTraceparent(headers.traceparent) ?? newSpanContext();

function sendProblem(response: ServerResponse, error: unknown, traceId: string) {
  const problem = toProblem(error, traceId);
  send(response, problem.status, problem, 'application/problem+json');
}

function send(response: ServerResponse, status: number, body: object, type = 'application/json') {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
