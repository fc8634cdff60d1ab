import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on a free port of 127.0.0.1, as an upstream of NGINX. */
export async function startUpstream(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  let connections = 0;
  const server = createServer({ keepAliveTimeout: 75_000 }, answer).on(
    'connection',
    () => (connections += 1),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    connections: () => connections,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Responds with method, URL and headers of the request as JSON. */
export function echo({ method, url, headers }: IncomingMessage, response: ServerResponse) {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ method, url, headers }));
}
