import { createTRPCClient } from '@trpc/client';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../../../../tests/support/eventually.ts';
import type { AppRouter } from '../trpc/router.ts';
import { retryLink } from './retry.ts';
import { subscriptionLink } from './subscriptions.ts';

/** More than the delay before the first retry of a connection. */
const lateMilliseconds = 300;

/** What the server does with a connection. */
type Behaviour = 'refuse' | 'open late' | 'serve' | ((socket: WebSocket) => void);

const close = (socket: WebSocket) => socket.close(1001);

/** What the API does with its connections when it stops. */
function leave(socket: WebSocket) {
  socket.send('{"id":null,"method":"reconnect"}');
  close(socket);
}

function answer(socket: WebSocket, text: string) {
  const parsed = JSON.parse(text) as { id: number; method: string } | { id: number; method: string }[];
  for (const { id, method } of [parsed].flat()) {
    const result = { type: 'data', id: '1', data: { id: '1', data: 'item' } };
    if (method === 'subscription') socket.send(JSON.stringify({ id, result }));
  }
}

/** A server that answers each subscription with one item, after it has treated its first connections as given. */
async function startServer(behaviours: Behaviour[]) {
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer();
  let connections = 0;
  server.on('upgrade', (request, stream, head) => {
    const behaviour = behaviours[connections++] ?? 'serve';
    const open = () =>
      sockets.handleUpgrade(request, stream, head, (socket) => {
        socket.on('message', (data: Buffer) => answer(socket, data.toString()));
        if (typeof behaviour === 'function') behaviour(socket);
      });
    if (behaviour === 'refuse') stream.destroy();
    else if (behaviour === 'open late') setTimeout(open, lateMilliseconds);
    else open();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/trpc`,
    connections: () => connections,
    leaveClients: () => sockets.clients.forEach(leave),
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

type Server = Awaited<ReturnType<typeof startServer>>;
let server: Server;
afterEach(() => server.stop());

/** Follows jobs with one client; `seen` has the id of a job for each of its items, and how subscriptions ended. */
function follow({ url }: Server) {
  const links = [
    retryLink({ retries: 3, canRenewKey: false }),
    subscriptionLink(url, async () => 'Bearer pk_1'),
  ];
  const client = createTRPCClient<AppRouter>({ links });
  const seen: string[] = [];
  const begin = (id: string) =>
    client.job.events.subscribe(
      { id },
      {
        onData: () => seen.push(id),
        onError: (error) => seen.push(`${id}: ${error.message}`),
        onComplete: () => seen.push(`${id} is over`),
      },
    );
  return { seen, begin };
}

const ids = ['a', 'b', 'c'];

test.each<[string, Behaviour[]]>([
  ['as it opens', [close]],
  ['as it opens, and says so before', [leave]],
  ['as it opens, after it refused one', ['refuse', close]],
])('no subscription is lost whose server closes the connection %s', async (_, behaviours) => {
  server = await startServer(behaviours);
  const { seen, begin } = follow(server);
  const subscriptions = ids.map(begin);
  await eventually(() => expect(seen.toSorted()).toEqual(ids));
  for (const subscription of subscriptions) subscription.unsubscribe();
  expect(seen.slice(ids.length).toSorted()).toEqual(ids.map((id) => `${id} is over`));
});

test('no subscription is lost that begins while a lost connection is opened again', async () => {
  server = await startServer(['serve', 'refuse', 'open late']);
  const { seen, begin } = follow(server);
  const subscriptions = [begin('first')];
  await eventually(() => expect(seen).toEqual(['first']));
  server.leaveClients();
  await eventually(() => expect(server.connections()).toBe(2), 1);
  // Opens a connection, which the retry that is due meanwhile closes.
  subscriptions.push(...ids.map(begin));
  await eventually(() => expect(seen).toEqual(expect.arrayContaining(ids)));
  expect(seen.filter((one) => one !== 'first').toSorted()).toEqual(ids);
  for (const subscription of subscriptions) subscription.unsubscribe();
});
