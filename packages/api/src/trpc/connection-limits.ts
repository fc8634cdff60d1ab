import { AppError } from '@portfolio/core/errors';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** Limits of a WebSocket connection. Beyond one it is closed with 1008, or with 1013 where a retry may succeed. */
export type ConnectionLimits = {
  /** The time limit for the first message of a connection, which authenticates it. */
  firstMessageMilliseconds: number;
  messagesPerTenSeconds: number;
  connectionsPerAddress: number;
  connectionsPerActor: number;
  subscriptionsPerConnection: number;
  /** The number of unsent bytes beyond which subscriptions pause. */
  bufferedBytes: number;
  /** How long a subscription pauses before the connection is closed. */
  stuckMilliseconds: number;
};

const windowMilliseconds = 10_000;
const pollMilliseconds = 50;

/** Limits the running subscriptions of a connection. */
export type Flow = {
  /** Counts an open subscription until it is disposed; throws `too_many_requests` beyond the limit. */
  open(): Disposable;
  /** Resolves when the buffer has drained or the connection is closed. */
  drained(): Promise<void>;
};

export function createFlow(socket: WebSocket, limits: ConnectionLimits): Flow {
  const { subscriptionsPerConnection, bufferedBytes, stuckMilliseconds } = limits;
  let subscriptions = 0;
  const isFull = () => socket.readyState === WebSocket.OPEN && socket.bufferedAmount > bufferedBytes;
  return {
    open() {
      if (subscriptions >= subscriptionsPerConnection) {
        throw new AppError(
          'too_many_requests',
          `This connection has reached its limit of ${subscriptionsPerConnection} subscriptions. End some of them first.`,
        );
      }
      subscriptions += 1;
      return { [Symbol.dispose]: () => void (subscriptions -= 1) };
    },
    async drained() {
      const deadline = Date.now() + stuckMilliseconds;
      while (isFull()) {
        if (Date.now() > deadline) return socket.close(1013, 'Client reads too slowly');
        await wait(pollMilliseconds);
      }
    },
  };
}

/** Closes a connection whose first message is late, or which sends too many messages. */
export function limitMessages(socket: WebSocket, limits: ConnectionLimits) {
  const { firstMessageMilliseconds, messagesPerTenSeconds } = limits;
  const timer = setTimeout(() => socket.close(1008, 'No message received in time'), firstMessageMilliseconds);
  let windowStart = Date.now();
  let messages = 0;

  function count() {
    const now = Date.now();
    if (now - windowStart >= windowMilliseconds) {
      windowStart = now;
      messages = 0;
    }
    messages += 1;
    if (messages <= messagesPerTenSeconds) return;
    // Ignores messages that arrive before the close is complete.
    socket.removeAllListeners('message');
    socket.close(1008, 'Too many messages');
  }

  socket.once('message', () => clearTimeout(timer));
  socket.on('message', count);
  socket.on('ping', count);
  socket.once('close', () => clearTimeout(timer));
}

/** Counts open connections per owner, up to `max` each. */
export class ConnectionCounter {
  readonly #max: number;
  readonly #connections = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  isFull(owner: string): boolean {
    return this.#of(owner) >= this.#max;
  }

  /** Counts a connection until it closes. Returns false, and does not count it, beyond the limit. */
  add(owner: string, socket: WebSocket): boolean {
    if (this.isFull(owner)) return false;
    this.#connections.set(owner, this.#of(owner) + 1);
    socket.once('close', () => {
      const left = this.#of(owner) - 1;
      if (left > 0) this.#connections.set(owner, left);
      else this.#connections.delete(owner);
    });
    return true;
  }

  #of(owner: string): number {
    return this.#connections.get(owner) ?? 0;
  }
}
