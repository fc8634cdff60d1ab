import type { Actor } from '@portfolio/core/actor';
import { AppError } from '@portfolio/core/errors';
import { access } from '@portfolio/core/telemetry/contract';
import { networkOf } from '../client-address.ts';

/** Limits of a WebSocket connection. Beyond one it is closed with 1008, or with 1013 where a retry may succeed. */
export type ConnectionLimits = {
  /** The time limit for the first message of a connection, which authenticates it. */
  firstMessageMilliseconds: number;
  /** Calls, stops and pings, of which one frame may have many. */
  messagesPerTenSeconds: number;
  connectionsPerAddress: number;
  connectionsPerActor: number;
  subscriptionsPerConnection: number;
  /** The number of unsent bytes beyond which subscriptions pause. */
  bufferedBytes: number;
  /** How long subscriptions pause before the connection is closed. */
  stuckMilliseconds: number;
  /** How long a client has to complete the close of its connection. Then it is destroyed, with what was not sent. */
  closeMilliseconds: number;
};

export const defaultLimits: ConnectionLimits = {
  firstMessageMilliseconds: 5000,
  messagesPerTenSeconds: 300,
  connectionsPerAddress: 200,
  connectionsPerActor: 100,
  subscriptionsPerConnection: 100,
  bufferedBytes: 1024 * 1024,
  stuckMilliseconds: 15_000,
  closeMilliseconds: 2000,
};

/** The refusal of a connection or a stream, which is counted. */
export function tooMany(detail: string): AppError {
  access.limited.add(1, { policy: 'connections' });
  return new AppError('too_many_requests', detail);
}

export const connectionClosed = () => new AppError('unavailable', 'The connection is closed.');

/** A connection, or the answer that a stream is sent in. */
type Closable = { once(event: 'close', listener: () => void): unknown; destroyed?: boolean };

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
  add(owner: string, connection: Closable): boolean {
    if (this.isFull(owner)) return false;
    this.#connections.set(owner, this.#of(owner) + 1);
    connection.once('close', () => {
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

/** The connections of each actor and address: WebSockets, and the streams over HTTP, of which each is one. */
export class Connections {
  readonly #perAddress: ConnectionCounter;
  readonly #perActor: ConnectionCounter;

  constructor(
    limits: Pick<ConnectionLimits, 'connectionsPerAddress' | 'connectionsPerActor'> = defaultLimits,
  ) {
    this.#perAddress = new ConnectionCounter(limits.connectionsPerAddress);
    this.#perActor = new ConnectionCounter(limits.connectionsPerActor);
  }

  isAddressFull(address: string): boolean {
    return this.#perAddress.isFull(networkOf(address));
  }

  /** Returns false if the address has too many connections. */
  addAddress(address: string, connection: Closable): boolean {
    return this.#perAddress.add(networkOf(address), connection);
  }

  /** Throws `too_many_requests` if the actor has too many connections. Anonymous readers count by address only. */
  addActor(actor: Actor, connection: Closable) {
    if (actor.kind === 'anonymous' || this.#perActor.add(`${actor.kind} ${actor.id}`, connection)) return;
    throw tooMany('Too many connections with this credential. Close some of them, then connect again.');
  }

  /**
   * Counts a stream over HTTP until its answer is closed. Throws `too_many_requests` beyond a limit, and `unavailable` where
   * the client disconnected while its credential was looked up: that answer never closes again.
   */
  addStream(actor: Actor, address: string, answer: Closable) {
    if (answer.destroyed) throw connectionClosed();
    this.addActor(actor, answer);
    if (this.addAddress(address, answer)) return;
    throw tooMany('Too many connections from this address. Close some of them, then connect again.');
  }
}
