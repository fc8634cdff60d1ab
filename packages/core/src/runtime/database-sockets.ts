import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import type postgres from 'postgres';
import { encrypt } from './database-tls.ts';
import { NoConnection } from './outage.ts';

const tickMilliseconds = 1000;
/** How long the password, and then the connection with its TLS, may take. */
const patienceMilliseconds = 5000;
/** Connections that LISTEN are made anew without an end, and are not made more often than this. */
const listenPauseMilliseconds = 1000;

/** 3.0 (PostgreSQL, "Message Formats"). */
const protocolVersion = 196_608;
/** A parameter of connections that changes nothing, and has their first message be sent at once. */
export const startupPadding = { options: ' '.repeat(1024) };

/** What postgres.js tells of the connection that it wants; `onnotify` is there where it is to LISTEN. */
type Wanted = Pick<postgres.ParsedOptions, 'host' | 'port' | 'path'> & { onnotify?: unknown };

/**
 * Opens the connections of a pool, each with a password that is got for it and is then in `password()`, and with TLS
 * where there is a context. Those on which nothing moved for `silenceSeconds` while somebody waited for an answer are
 * destroyed, and those that LISTEN with them: postgres.js would wait for a mute server without end. An idle connection may
 * be hit as well, and is opened again when it is needed.
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
  // Ticks and not times: a process that was frozen itself must not take that for silence.
  const timer = setInterval(() => {
    for (const [socket, seen] of sockets) {
      const bytes = socket.bytesRead + socket.bytesWritten;
      seen.quietTicks = waiting > 0 && bytes === seen.bytes ? seen.quietTicks + 1 : 0;
      seen.bytes = bytes;
      if (seen.quietTicks * tickMilliseconds < silenceSeconds * 1000) continue;
      socket.destroy();
      // Nobody waits for an answer on these: that they are mute as well would not be seen for many minutes.
      for (const other of listening) other.destroy();
    }
  }, tickMilliseconds).unref();

  function keep(socket: Socket, listens: boolean) {
    if (listens) listening.add(socket);
    else sockets.set(socket, { bytes: 0, quietTicks: 0 });
    socket.once('close', () => {
      listening.delete(socket);
      sockets.delete(socket);
    });
  }

  async function listenTurn() {
    const now = performance.now();
    listenAt = Math.max(now, listenAt + listenPauseMilliseconds);
    await wait(listenAt - now);
  }

  async function start({ host: [host = ''], port: [port = 0], path, onnotify }: Wanted): Promise<Duplex> {
    if (onnotify) await listenTurn();
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
      beginAnew(opened);
      keep(opened, Boolean(onnotify));
      return Object.assign(opened, { host, port });
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  return {
    /** Never rejects: postgres.js would not get over that. What it opens then fails when it is used. */
    open: (wanted: Wanted): Promise<Duplex> =>
      start(wanted).catch((error: unknown) => failing(new NoConnection(error))),
    password: () => password,
    setWaiting: (count: number) => void (waiting = count),
    /** Ends all connections, so that new ones are made. */
    drop() {
      for (const socket of [...sockets.keys(), ...listening]) socket.destroy();
    },
    stop: () => clearInterval(timer),
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = wait(patienceMilliseconds, undefined, { signal: over.signal }).then(() => {
    throw Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** Postgres.js tries again without end, and without a pause, where a connection ends in order before it has begun. */
function failAtEnd(socket: Socket) {
  socket.once('end', () =>
    socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })),
  );
}

/**
 * Has a connection that fails be closed before anybody hears of it: what postgres.js 3.4.9 is asked between the two events
 * waits without end, and so does everything after it by that place of its pool. Ticks come before promises.
 */
function closeWithError(socket: Socket) {
  socket.once('error', () => process.nextTick(() => socket.emit('close', true)));
}

/**
 * Has a connection begin with its `StartupMessage`. Where one is lost with something still to be sent, postgres.js 3.4.9
 * keeps that, and thinks that it is being sent: it would never send anything again by that place of its pool. So the
 * message is as long as what it sends at once, and what was left before it is taken away here.
 */
function beginAnew(socket: Socket) {
  const { write } = socket;
  socket.write = (first: Buffer, ...others: never[]) => {
    socket.write = write;
    return write.call(socket, startupIn(first), ...others);
  };
}

/** The StartupMessage at the end of what is sent: its length, the version of the protocol, and the rest. */
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
