import { type Socket, connect } from 'node:net';
import type postgres from 'postgres';

const tickMilliseconds = 1000;

/** What postgres.js tells of the connection that it wants; `onnotify` is there where it is to LISTEN. */
type Wanted = Pick<postgres.ParsedOptions, 'host' | 'port' | 'path'> & { onnotify?: unknown };

/**
 * Opens the sockets of a pool, and destroys those on which nothing moved for `silenceSeconds` while somebody waited
 * for an answer: postgres.js would wait for a mute server without end. An idle connection may be hit as well, and is
 * opened again when it is needed.
 */
export function createSockets({ silenceSeconds }: { silenceSeconds: number }) {
  const sockets = new Map<Socket, { bytes: number; quietTicks: number }>();
  let waiting = 0;
  // Ticks and not times: a process that was frozen itself must not take that for silence.
  const timer = setInterval(() => {
    for (const [socket, seen] of sockets) {
      const bytes = socket.bytesRead + socket.bytesWritten;
      seen.quietTicks = waiting > 0 && bytes === seen.bytes ? seen.quietTicks + 1 : 0;
      seen.bytes = bytes;
      if (seen.quietTicks * tickMilliseconds >= silenceSeconds * 1000) socket.destroy();
    }
  }, tickMilliseconds).unref();

  return {
    open({ host: [host = ''], port: [port = 0], path, onnotify }: Wanted): Socket {
      const socket = typeof path === 'string' ? connect(path) : connect(port, host);
      socket.once('end', () => {
        // Postgres.js tries again without end, and without a pause, where a connection ends before it began.
        if (socket.bytesRead === 0)
          socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
      });
      if (!onnotify) {
        sockets.set(socket, { bytes: 0, quietTicks: 0 });
        socket.once('close', () => sockets.delete(socket));
      }
      // TLS is for this host, which postgres.js reads here.
      return Object.assign(socket, { host, port });
    },
    setWaiting: (count: number) => void (waiting = count),
    stop: () => clearInterval(timer),
  };
}
