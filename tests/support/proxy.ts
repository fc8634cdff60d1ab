import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A TCP proxy before a server, that fails as networks do. */
export async function testProxy(target: string) {
  const { hostname, port } = new URL(target);
  const connections = new Set<Socket>();
  let isDown = false;
  let isMute = false;
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
    client.on('data', (chunk) => isMute || upstream.write(chunk));
    upstream.on('data', (chunk) => {
      if (isMute) return;
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
    /** Ends every connection. */
    cut,
    /** Ends every connection, and refuses others until `up`. */
    down() {
      isDown = true;
      cut();
    },
    /** Goes on accepting connections, and lets nothing through any more, until `up`. */
    mute: () => (isMute = true),
    up() {
      isDown = false;
      // Half of what was said is lost: it cannot be taken up.
      if (isMute) cut();
      isMute = false;
    },
    /** How many connections were refused. */
    refusals: () => refused,
    /** Lets the next request through, and cuts the connection when its answer comes. */
    loseNextAnswer: () => (losesNextAnswer = true),
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
