import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** The preferred port of 127.0.0.1, or where another program has it, any other that is free. */
export async function freePort(preferred: number): Promise<number> {
  for (const wanted of [preferred, 0]) {
    const server = createServer().listen(wanted, '127.0.0.1');
    const isListening = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isListening) continue;
    const { port } = server.address() as AddressInfo;
    server.close();
    return port;
  }
  throw new Error('No port of 127.0.0.1 is free.');
}
