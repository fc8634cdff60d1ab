import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A TCP proxy in front of a server that can simulate network failures. */
export async function testProxy(target: string) {
  const { hostname, port } = new URL(target);
  const connections = new Set<Socket>();
  let isDown = false;
  let isHanging = false;
  let losesNextAnswer = false;
  let refused = 0;

  const server = createServer((client) => {
    if (isDown) {
      refused += 1;
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    connections.add(client).add(upstream);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.on('data', (chunk) => isHanging || upstream.write(chunk));
    upstream.on('data', (chunk) => {
      if (isHanging) return;
      if (losesNextAnswer) end();
      else client.write(chunk);
      losesNextAnswer = false;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function cut() {
    for (const socket of connections) socket.destroy();
    connections.clear();
  }
  return {
    port: (server.address() as AddressInfo).port,
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Closes all connections. */
    cut,
    /** Closes all connections, and refuses new ones until `up`. */
    down() {
      isDown = true;
      cut();
    },
    /** Still accepts connections, but forwards nothing until `up`, as an unresponsive server. */
    hang: () => (isHanging = true),
    up() {
      isDown = false;
      // Bytes were lost, so the connections cannot be resumed.
      if (isHanging) cut();
      isHanging = false;
    },
    /** The number of refused connections. */
    refusals: () => refused,
    /** Forwards the next request, and closes the connection instead of forwarding its response. */
    loseNextAnswer: () => (losesNextAnswer = true),
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
