import { AppError, toProblem } from '@portfolio/core/errors';
import type { Backlog } from '@portfolio/core/job/backlog';
import { listenHttp } from '@portfolio/core/runtime/listen-http';
import type { Logger } from '@portfolio/core/runtime/log';
import { isKnownOutage } from '@portfolio/core/runtime/outage';
import type { ServerResponse } from 'node:http';
import { toAppError } from './rest/problems.ts';

/**
 * Serves what only the cluster may reach, without credentials, at a port of its own: `/backlog`, the unfinished jobs and
 * how many workers they need, for the autoscaler.
 */
export async function serveInternal(
  at: { host: string; port: number },
  { readBacklog, log }: { readBacklog: () => Promise<Backlog>; log: Pick<Logger, 'warn' | 'error'> },
): Promise<{ port: number; close(): void }> {
  async function answerBacklog(response: ServerResponse) {
    try {
      send(response, 200, await readBacklog());
    } catch (error) {
      const known = toAppError(error);
      if (!known) log.error({ err: error }, 'the backlog could not be read');
      else if (!isKnownOutage(known)) log.warn({ err: error }, 'the backlog could not be read');
      sendProblem(response, known ?? error);
    }
  }

  return listenHttp(at, (request, response) => {
    if (request.method === 'GET' && request.url === '/backlog') void answerBacklog(response);
    else sendProblem(response, new AppError('not_found', 'There is only GET /backlog.'));
  });
}

function sendProblem(response: ServerResponse, error: unknown) {
  const problem = toProblem(error);
  send(response, problem.status, problem, 'application/problem+json');
}

function send(response: ServerResponse, status: number, body: object, type = 'application/json') {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
