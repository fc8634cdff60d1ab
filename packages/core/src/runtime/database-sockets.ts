import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import type postgres from 'postgres';
import { encrypt } from './database-tls.ts';
import { NoConnection } from './outage.ts';

const tickMilliseconds = 1000;
/** The timeout for getting the password, and then for opening the connection with TLS. */
const openTimeoutMilliseconds = 5000;
/** Connections that LISTEN are reopened forever, with at least this pause. */
const listenPauseMilliseconds = 1000;

/** 3.0 (PostgreSQL, "Message Formats"). */
const protocolVersion = 196_608;
/** A parameter of connections that has no effect, except that their first message is sent immediately. */
export const startupPadding = { options: ' '.repeat(1024) };

/** The connection that postgres.js requests; it has `onnotify` if it is to LISTEN. */
type Wanted = Pick<postgres.ParsedOptions, 'host' | 'port' | 'path'> & { onnotify?: unknown };

/**
 * Opens the connections of a pool: gets a password for each (then in `password()`), and uses TLS if there is a context.
 * Connections without traffic for `silenceSeconds` while a query waits are destroyed, together with those that LISTEN:
 * postgres.js would wait for an unresponsive server without end. Idle connections may be destroyed, too, and are reopened
 * when needed.
 */
export function createSockets({
  silenceSeconds,
  getPassword,
  secureContext,
}: {
  silenceSeconds: number;
  getPassword: () => Promise<string>;
  secureContext: SecureContext | undefined;
}) {
  const sockets = new Map<Socket, { bytes: number; quietTicks: number }>();
  const listening = new Set<Socket>();
  let password = '';
  let waiting = 0;
  let listenAt = -Infinity;
  // Counts ticks instead of time: a process that was frozen itself must not take that for silence of the server.
  const timer = setInterval(() => {
    for (const [socket, seen] of sockets) {
      const bytes = socket.bytesRead + socket.bytesWritten;
      seen.quietTicks = waiting > 0 && bytes === seen.bytes ? seen.quietTicks + 1 : 0;
      seen.bytes = bytes;
      if (seen.quietTicks * tickMilliseconds < silenceSeconds * 1000) continue;
      socket.destroy();
      // No query waits on these: that they are dead, too, would be noticed only after many minutes.
      for (const other of listening) other.destroy();
    }
  }, tickMilliseconds).unref();

  function track(socket: Socket, listens: boolean) {
    if (listens) listening.add(socket);
    else sockets.set(socket, { bytes: 0, quietTicks: 0 });
    socket.once('close', () => {
      listening.delete(socket);
      sockets.delete(socket);
    });
  }

  async function pauseBeforeListen() {
    const now = performance.now();
    listenAt = Math.max(now, listenAt + listenPauseMilliseconds);
    await wait(listenAt - now);
  }

  async function start({ host: [host = ''], port: [port = 0], path, onnotify }: Wanted): Promise<Duplex> {
    if (onnotify) await pauseBeforeListen();
    password = await inTime(getPassword());
    const socket = typeof path === 'string' ? connect(path) : connect(port, host);
    try {
      const opened = await inTime(
        once(socket, 'connect').then((): Socket | Promise<Socket> =>
          secureContext ? encrypt(socket, host, secureContext) : socket,
        ),
      );
      failAtEnd(opened);
      closeWithError(opened);
      dropLeftovers(opened);
      track(opened, Boolean(onnotify));
      return Object.assign(opened, { host, port });
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  return {
    /** Never rejects, which postgres.js does not handle. The returned connection fails when it is used instead. */
    open: (wanted: Wanted): Promise<Duplex> =>
      start(wanted).catch((error: unknown) => failing(new NoConnection(error))),
    password: () => password,
    /** How many connections are open, without those that LISTEN. */
    count: () => sockets.size,
    setWaiting: (count: number) => void (waiting = count),
    /** Destroys all connections, so that new ones are opened. */
    drop() {
      for (const socket of [...sockets.keys(), ...listening]) socket.destroy();
    },
    stop: () => clearInterval(timer),
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = wait(openTimeoutMilliseconds, undefined, { signal: over.signal }).then(() => {
    throw Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** If a connection ends without an error before it is established, postgres.js retries forever and without a pause. */
function failAtEnd(socket: Socket) {
  socket.once('end', () =>
    socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })),
  );
}

/**
 * Emits `close` right after `error`. With postgres.js 3.4.9, a query between the two events waits forever, and so does
 * every later query on that slot of the pool. Ticks run before promises.
 */
function closeWithError(socket: Socket) {
  socket.once('error', () => process.nextTick(() => socket.emit('close', true)));
}

/**
 * Makes a connection begin with its `StartupMessage`. If a connection is lost while data is buffered, postgres.js 3.4.9
 * keeps the buffer and never sends again on that slot of the pool. So the message is padded to the size that is sent
 * immediately, and leftovers before it are removed here.
 */
function dropLeftovers(socket: Socket) {
  const { write } = socket;
  socket.write = (first: Buffer, ...others: never[]) => {
    socket.write = write;
    return write.call(socket, startupIn(first), ...others);
  };
}

/** The StartupMessage at the end of the bytes: its length, the version of the protocol, and the rest. */
function startupIn(bytes: Buffer): Buffer {
  for (let at = 0; at + 8 <= bytes.length; at += 1) {
    const isStart =
      bytes.readInt32BE(at) === bytes.length - at && bytes.readInt32BE(at + 4) === protocolVersion;
    if (isStart) return bytes.subarray(at);
  }
  return bytes;
}

/** A connection that fails as soon as something is written to it. */
function failing(error: Error): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, written) => written(error) });
}
