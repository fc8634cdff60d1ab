import { type Dependencies, checkAll } from '@portfolio/core/runtime/health';
import type { Logger } from '@portfolio/core/runtime/log';
import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';

/**
 * Answers `/healthz` (the process answers) and `/readyz`: whether it takes jobs, and the state of what it depends on. As
 * of the API, "degraded" is no less ready: another process would do no better.
 */
export async function serveHealth(
  { host, port }: { host: string; port: number },
  { dependencies, isTaking, log }: { dependencies: Dependencies; isTaking: () => boolean; log: Logger },
): Promise<{ port: number; close(): void }> {
  async function answerReady(response: ServerResponse) {
    const states = await checkAll(dependencies, log);
    const isWell = Object.values(states).every((state) => state === 'ok');
    const status = !isTaking() ? 'not ready' : isWell ? 'ready' : 'degraded';
    send(response, isTaking() ? 200 : 503, { status, dependencies: states });
  }

  const server = createServer((request, response) => {
    if (request.url === '/healthz') send(response, 200, { status: 'ok' });
    else if (request.url === '/readyz') void answerReady(response);
    else send(response, 404, { status: 'not found' });
  }).listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function send(response: ServerResponse, status: number, body: object) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
