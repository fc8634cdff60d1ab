import { AppError } from '@portfolio/core/errors';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** What a WebSocket connection may do. Who passes a limit is closed with 1008, or 1013 where later may be better. */
export type ConnectionLimits = {
  /** How long a new connection may take to say who it is. */
  helloMilliseconds: number;
  messagesPerTenSeconds: number;
  connectionsPerAddress: number;
  connectionsPerActor: number;
  subscriptionsPerConnection: number;
  /** What may wait to be sent before subscriptions pause. */
  bufferedBytes: number;
  /** How long a subscription pauses before the connection is given up. */
  stuckMilliseconds: number;
};

const windowMilliseconds = 10_000;
const pollMilliseconds = 50;

/** What a connection's calls are held to while they run. */
export type Flow = {
  /** Counts one more open subscription until it is disposed of; throws `too_many_requests` if it is one too many. */
  open(): Disposable;
  /** Resolves when there is room to send more, or when the connection is given up. */
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
          `A connection holds up to ${subscriptionsPerConnection} subscriptions; end some first.`,
        );
      }
      subscriptions += 1;
      return { [Symbol.dispose]: () => void (subscriptions -= 1) };
    },
    async drained() {
      const deadline = Date.now() + stuckMilliseconds;
      while (isFull()) {
        if (Date.now() > deadline) return socket.close(1013, 'What was sent is not read');
        await wait(pollMilliseconds);
      }
    },
  };
}

/** Closes a connection that says nothing in time, or that says too much. */
export function limitMessages(socket: WebSocket, limits: ConnectionLimits) {
  const { helloMilliseconds, messagesPerTenSeconds } = limits;
  const silent = setTimeout(() => socket.close(1008, 'Nothing was said in time'), helloMilliseconds);
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
    // What comes before the other side agrees to the end is not heard.
    socket.removeAllListeners('message');
    socket.close(1008, 'Too many messages');
  }

  socket.once('message', () => clearTimeout(silent));
  socket.on('message', count);
  socket.on('ping', count);
  socket.once('close', () => clearTimeout(silent));
}

/** Open connections by whose they are, up to `max` of each. */
export class Tally {
  readonly #max: number;
  readonly #connections = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  isFull(whose: string): boolean {
    return this.#of(whose) >= this.#max;
  }

  /** Counts a connection until it closes; false, and not counted, where that is one too many. */
  add(whose: string, socket: WebSocket): boolean {
    if (this.isFull(whose)) return false;
    this.#connections.set(whose, this.#of(whose) + 1);
    socket.once('close', () => {
      const left = this.#of(whose) - 1;
      if (left > 0) this.#connections.set(whose, left);
      else this.#connections.delete(whose);
    });
    return true;
  }

  #of(whose: string): number {
    return this.#connections.get(whose) ?? 0;
  }
}
