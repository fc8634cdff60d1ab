/** How long a connection may take to open. */
const openMilliseconds = 10_000;

/**
 * A WebSocket that is closed as soon as it says so. A standard one waits for the other end to confirm, which a server that
 * is gone never does: tRPC would notice only after more than a minute (trpc/trpc#6562). Opening has a time limit, too.
 */
export class LiveSocket extends WebSocket {
  #isClosed = false;
  readonly #opening = setTimeout(() => this.close(), openMilliseconds);

  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args);
    // Registered first: nothing that follows the first close reaches other listeners, who may have a new connection.
    for (const type of ['open', 'message', 'error', 'close']) {
      this.addEventListener(type, (event) => {
        if (this.#isClosed) event.stopImmediatePropagation();
        if (type === 'open' || type === 'close') clearTimeout(this.#opening);
        if (type === 'close') this.#isClosed = true;
      });
    }
  }

  override close(code?: number, reason?: string) {
    const wasOpening = this.readyState === WebSocket.CONNECTING;
    super.close(code, reason);
    if (this.#isClosed) return;
    if (wasOpening) this.dispatchEvent(new Event('error'));
    this.dispatchEvent(new CloseEvent('close', { code: 1006, wasClean: false }));
  }
}
