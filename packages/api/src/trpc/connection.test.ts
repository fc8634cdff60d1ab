import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { EventEmitter } from 'node:events';
import { beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { createFollow } from '../follow.ts';
import { defaultLimits } from './connection-limits.ts';
import { Connection } from './connection.ts';
import { SlowConnections } from './slow-connections.ts';

/** The part of a socket that a connection uses. */
class Socket extends EventEmitter {
  sent: string[] = [];
  send = (message: Buffer | string) => void this.sent.push(String(message));
  close = vi.fn<(code?: number) => void>();
  terminate = vi.fn<() => void>();
}

let socket: Socket;
let connection: Connection;
beforeEach(() => {
  const services = {} as Services;
  socket = new Socket();
  connection = new Connection(
    socket as unknown as WebSocket,
    { credential: undefined, address: '192.0.2.1', awaitsParams: false },
    {
      services,
      follow: createFollow(
        services,
        async () => anonymous,
        () => {},
      ),
      limits: defaultLimits,
      slow: new SlowConnections(defaultLimits),
      reportRefusal: () => {},
      traceReads: 0,
      logError: () => {},
      authenticate: async () => anonymous,
    },
  );
  socket.emit('message', Buffer.from('PONG'));
});

const inSeconds = (seconds: number) => Date.now() + seconds * 1000;

test('a client that is silent for half a minute is sent a ping, and disconnected if it does not answer', () => {
  connection.checkLife(inSeconds(29));
  expect(socket.sent).toEqual([]);
  connection.checkLife(inSeconds(31));
  connection.checkLife(inSeconds(34));
  expect(socket.sent).toEqual(['PING']);
  expect(socket.terminate).not.toHaveBeenCalled();
  connection.checkLife(inSeconds(37));
  expect(socket.terminate).toHaveBeenCalledOnce();
});

test('a client that answers a ping stays connected', () => {
  connection.checkLife(inSeconds(31));
  socket.emit('message', Buffer.from('PONG'));
  connection.checkLife(inSeconds(29));
  expect(socket.terminate).not.toHaveBeenCalled();
  expect(socket.close).not.toHaveBeenCalled();
});

test('a process that was frozen asks clients before it disconnects them', () => {
  connection.checkLife(inSeconds(3600));
  expect(socket.sent).toEqual(['PING']);
  expect(socket.terminate).not.toHaveBeenCalled();
});
