import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';

/** Serves HTTP until it is closed; resolves to the port, which the system chooses for 0. */
export async function listenHttp(
  { host, port }: { host: string; port: number },
  listener: RequestListener,
): Promise<{ port: number; close(): void }> {
  const server = createServer(listener).listen(port, host);
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
