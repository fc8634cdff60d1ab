import { WebSocket } from 'ws';
import type { ConnectionLimits } from './connection-limits.ts';

const pollMilliseconds = 50;

/** The connections whose clients do not read as fast as they are sent to. One timer watches all of them. */
export class SlowConnections {
  readonly #limits: Pick<ConnectionLimits, 'bufferedBytes' | 'stuckMilliseconds'>;
  readonly #slow = new Map<WebSocket, { since: number; resume: () => void }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: Pick<ConnectionLimits, 'bufferedBytes' | 'stuckMilliseconds'>) {
    this.#limits = limits;
  }

  /** True while much is unsent. `resume` is called when it is not; a client that never reads is disconnected. */
  isFull(socket: WebSocket, resume: () => void): boolean {
    if (!this.#isFull(socket)) return false;
    if (!this.#slow.has(socket)) {
      this.#slow.set(socket, { since: Date.now(), resume });
      this.#timer ??= setInterval(() => this.#poll(), pollMilliseconds).unref();
    }
    return true;
  }

  #isFull = (socket: WebSocket) => socket.bufferedAmount > this.#limits.bufferedBytes;

  #poll() {
    for (const [socket, { since, resume }] of this.#slow) {
      const isOpen = socket.readyState === WebSocket.OPEN;
      const isFull = isOpen && this.#isFull(socket);
      if (isFull && Date.now() - since < this.#limits.stuckMilliseconds) continue;
      this.#slow.delete(socket);
      if (isFull) socket.close(1013, 'Client reads too slowly');
      else if (isOpen) resume();
    }
    if (this.#slow.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
