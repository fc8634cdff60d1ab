import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type ConnectionLimits, createFlow } from './connection-limits.ts';

const limits: ConnectionLimits = {
  firstMessageMilliseconds: 60_000,
  messagesPerTenSeconds: 100,
  connectionsPerAddress: 10,
  connectionsPerActor: 10,
  subscriptionsPerConnection: 10,
  bufferedBytes: 1024 * 1024,
  stuckMilliseconds: 60_000,
};

let server: Server;
let sockets: WebSocketServer;
beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  sockets = new WebSocketServer({ server });
  await once(server, 'listening');
});
afterAll(() => {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  server.close();
});

/** Both ends of a connection. */
async function connect() {
  const accepted = once(sockets, 'connection');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, 'open');
  const [socket] = (await accepted) as [WebSocket];
  return { client, socket };
}

/** Sends until more than the limit is buffered here, beyond the buffers of the operating system. */
function fill(socket: WebSocket) {
  const chunk = 'x'.repeat(256 * 1024);
  while (socket.bufferedAmount <= 4 * limits.bufferedBytes) socket.send(chunk);
}

describe('a subscription', () => {
  test('does not pause while little is buffered', async () => {
    const { client, socket } = await connect();
    await createFlow(socket, limits).drained();
    expect(socket.readyState).toBe(WebSocket.OPEN);
    client.terminate();
  });

  test('pauses while its client does not read, and resumes when it does', async () => {
    const { client, socket } = await connect();
    client.pause();
    fill(socket);
    let isDrained = false;
    const drained = createFlow(socket, limits)
      .drained()
      .then(() => (isDrained = true));
    expect(socket.bufferedAmount).toBeGreaterThan(limits.bufferedBytes);
    expect(isDrained).toBe(false);
    client.resume();
    await drained;
    expect(socket.bufferedAmount).toBeLessThanOrEqual(limits.bufferedBytes);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    client.terminate();
  });

  test('of a client that never reads is ended by closing the connection', async () => {
    const { client, socket } = await connect();
    client.pause();
    fill(socket);
    await createFlow(socket, { ...limits, stuckMilliseconds: 1 }).drained();
    expect(socket.readyState).toBe(WebSocket.CLOSING);
    client.resume();
    const [code] = await once(client, 'close');
    expect(code).toBe(1013);
  });

  test('does not wait for a client that has disconnected', async () => {
    const { client, socket } = await connect();
    client.pause();
    fill(socket);
    const drained = createFlow(socket, limits).drained();
    client.terminate();
    await drained;
    expect(socket.readyState).not.toBe(WebSocket.OPEN);
  });
});
