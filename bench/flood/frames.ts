import { WebSocket } from 'ws';
import type { Credential } from './credentials.ts';
import { type Flood, type Target, type Tally, repeat } from './target.ts';

const answerSeconds = 30;

/**
 * Frames of WebSockets with so many calls each, the next one when the last one is answered. A connection that is closed is
 * opened again; the calls that it leaves open count by its code.
 */
export const frames =
  (callsPerFrame: number, credential: Credential): Flood =>
  async (target, tally) => {
    const frame = JSON.stringify(Array.from({ length: callsPerFrame }, (_, id) => call(id)));
    const end = performance.now() + target.seconds * 1000;
    await repeat(target, async (at) => {
      const socket = await connect(target, credential(target, at), tally);
      if (!socket) return;
      let isOpen = true;
      while (isOpen && performance.now() < end) isOpen = await sendFrame(socket, frame, callsPerFrame, tally);
      socket.terminate();
    });
  };

const call = (id: number) => ({ id, method: 'query', params: { path: 'job.list' } });

/** Resolves to null where the connection is refused, and counts that. */
function connect({ port, address }: Target, authorization: string | undefined, tally: Tally) {
  const { promise, resolve } = Promise.withResolvers<WebSocket | null>();
  const url = `ws://127.0.0.1:${port}/trpc?connectionParams=1`;
  const socket = new WebSocket(url, { localAddress: address, perMessageDeflate: false });
  socket.once('open', () => {
    const data = authorization === undefined ? {} : { authorization };
    socket.send(JSON.stringify({ method: 'connectionParams', data }));
    resolve(socket);
  });
  socket.once('unexpected-response', (_request, { statusCode }) => {
    tally.add(String(statusCode));
    resolve(null);
  });
  socket.on('error', () => resolve(null));
  return promise;
}

/** Sends a frame and counts its answers. Resolves to false when the connection is closed. */
function sendFrame(socket: WebSocket, frame: string, calls: number, tally: Tally): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let left = calls;
  const timer = setTimeout(() => socket.terminate(), answerSeconds * 1000);
  function end(isOpen: boolean) {
    clearTimeout(timer);
    socket.removeAllListeners('message').removeAllListeners('close');
    resolve(isOpen);
  }
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    // An answer without an id is about the whole frame.
    const answered = text.startsWith('{"id":null') ? left : 1;
    tally.add(/"httpStatus":(\d{3})/.exec(text)?.[1] ?? '200', answered);
    left -= answered;
    if (left === 0) end(true);
  });
  socket.once('close', (code) => {
    tally.add(`closed with ${code}`, left);
    end(false);
  });
  socket.send(frame);
  return promise;
}
