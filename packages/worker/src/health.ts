import { type Dependencies, checkAll } from '@portfolio/core/runtime/health';
import { listenHttp } from '@portfolio/core/runtime/listen-http';
import type { Logger } from '@portfolio/core/runtime/log';
import type { ServerResponse } from 'node:http';

/**
 * Serves `/healthz` (the process responds) and `/readyz`: whether the worker accepts jobs, and the state of each
 * dependency. As with the API, a degraded worker is ready: another process would fare no better.
 */
export async function serveHealth(
  at: { host: string; port: number },
  {
    dependencies,
    isAcceptingJobs,
    log,
  }: { dependencies: Dependencies; isAcceptingJobs: () => boolean; log: Logger },
): Promise<{ port: number; close(): void }> {
  async function answerReady(response: ServerResponse) {
    const states = await checkAll(dependencies, log);
    const isHealthy = Object.values(states).every((state) => state === 'ok');
    const status = !isAcceptingJobs() ? 'not ready' : isHealthy ? 'ready' : 'degraded';
    send(response, isAcceptingJobs() ? 200 : 503, { status, dependencies: states });
  }

  return listenHttp(at, (request, response) => {
    if (request.url === '/healthz') send(response, 200, { status: 'ok' });
    else if (request.url === '/readyz') void answerReady(response);
    else send(response, 404, { status: 'not found' });
  });
}

function send(response: ServerResponse, status: number, body: object) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
