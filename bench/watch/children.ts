/** The other processes of `bench/watch.ts`: clients, and a bare server. Each is given orders by messages. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';

/** This file, and what it is to be: the argument. */
export const childFile = fileURLToPath(import.meta.url);

/** To clients: whom to connect to, and which subscription to begin; null for the bare server. */
export type Order = {
  url: string;
  count: number;
  keys: string[];
  subscription: { path: string; input: object } | null;
};

/** From clients: when the first and when the last of them got an event. */
export type Times = { first: number; last: number };

/** The same in all processes of a machine. */
export const nowMilliseconds = () => Number(process.hrtime.bigint() / 1000n) / 1000;

/** Below the limits of connections per address and per credential. */
const connectionsPerAddress = 150;
export const connectionsPerKey = 90;
const connectingAtATime = 100;

/** Connects clients, says `ready`, and then reports each event once all have got it. */
async function runClients() {
  const [order] = (await once(process, 'message')) as [Order];
  const times = { received: 0, first: 0 };
  function receive() {
    if (times.received === 0) times.first = nowMilliseconds();
    times.received += 1;
    if (times.received < order.count) return;
    times.received = 0;
    process.send!({ first: times.first, last: nowMilliseconds() } satisfies Times);
  }
  for (let at = 0; at < order.count; at += connectingAtATime) {
    const length = Math.min(connectingAtATime, order.count - at);
    await Promise.all(Array.from({ length }, (_, index) => connectClient(order, at + index, receive)));
  }
  process.send!('ready');
}

async function connectClient({ url, keys, subscription }: Order, at: number, receive: () => void) {
  const localAddress = `127.0.0.${2 + Math.floor(at / connectionsPerAddress)}`;
  const socket = new WebSocket(url, { localAddress, perMessageDeflate: false });
  const ready = Promise.withResolvers<void>();
  socket.on('error', ready.reject);
  socket.on('message', (data: Buffer) => {
    if (!subscription || data.includes('"type":"event"')) receive();
    else if (data.includes('"type":"data"')) ready.resolve();
    else if (data.includes('"error"')) ready.reject(new Error(data.toString()));
  });
  await once(socket, 'open');
  if (!subscription) return;
  const authorization = `Bearer ${keys[Math.floor(at / connectionsPerKey)]}`;
  socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization } }));
  socket.send(JSON.stringify({ id: 1, method: 'subscription', params: subscription }));
  await ready.promise;
}

/** Sends each message that it gets to all of its clients. */
async function runBareServer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  process.on('message', (frame: string) => {
    if (frame === 'memory') return;
    const buffer = Buffer.from(frame);
    for (const client of server.clients) client.send(buffer, { binary: false });
  });
  process.send!((server.address() as AddressInfo).port);
}

if (process.argv[1] === childFile) await (process.argv[2] === 'clients' ? runClients() : runBareServer());
