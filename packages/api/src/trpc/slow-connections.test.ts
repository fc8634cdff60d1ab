import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../../../../tests/support/eventually.ts';
import { SlowConnections } from './slow-connections.ts';

const limits = { bufferedBytes: 1024 * 1024, stuckMilliseconds: 60_000 };

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

describe('a connection', () => {
  const resume = vi.fn<() => void>();
  beforeEach(() => resume.mockClear());

  test('is not full while little is buffered', async () => {
    const { client, socket } = await connect();
    expect(new SlowConnections(limits).isFull(socket, resume)).toBe(false);
    client.terminate();
  });

  test('is full while its client does not read, and resumes when it does', async () => {
    const { client, socket } = await connect();
    client.pause();
    fill(socket);
    const slow = new SlowConnections(limits);
    expect(slow.isFull(socket, resume)).toBe(true);
    expect(slow.isFull(socket, resume)).toBe(true);
    expect(resume).not.toHaveBeenCalled();
    client.resume();
    await eventually(() => expect(resume).toHaveBeenCalledOnce());
    expect(slow.isFull(socket, resume)).toBe(false);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    client.terminate();
  });

  test('whose client never reads is closed, and others are not affected', async () => {
    const [one, other] = [await connect(), await connect()];
    const slow = new SlowConnections({ ...limits, stuckMilliseconds: 1 });
    one.client.pause();
    fill(one.socket);
    expect(slow.isFull(one.socket, resume)).toBe(true);
    expect(slow.isFull(other.socket, resume)).toBe(false);
    await eventually(() => expect(one.socket.readyState).toBe(WebSocket.CLOSING));
    one.client.resume();
    const [code] = await once(one.client, 'close');
    expect(code).toBe(1013);
    expect(resume).not.toHaveBeenCalled();
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    other.client.terminate();
  });

  test('that is closed is forgotten', async () => {
    const { client, socket } = await connect();
    client.pause();
    fill(socket);
    const slow = new SlowConnections({ ...limits, stuckMilliseconds: 1 });
    slow.isFull(socket, resume);
    const ended = once(socket, 'close');
    client.terminate();
    socket.terminate();
    await ended;
    expect(resume).not.toHaveBeenCalled();
  });
});
