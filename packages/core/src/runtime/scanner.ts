import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import type { Scanner } from '../context.ts';
import { AppError } from '../errors.ts';

const connectMilliseconds = 3000;
/** How long clamd may take to receive a chunk. */
const chunkMilliseconds = 10_000;
/** How long it may take to scan a file that it has received: as long as its own default, `MaxScanTime`. */
const verdictMilliseconds = 120_000;

/** The longest answer of clamd that is read. */
const maxAnswerLength = 1000;

/** A file contains malware. `threat` is the name of the signature. */
export class InfectedFile extends AppError {
  override readonly name = 'InfectedFile';
  readonly threat: string;

  constructor(threat: string) {
    super('quarantined', `The file contains malware (${threat}) and cannot be used.`);
    this.threat = threat;
  }
}

/** The scanner gave no verdict, for whatever reason: the file counts as not scanned. */
class NoVerdict extends Error {
  override readonly name = 'NoVerdict';
  /** Counts as an outage. */
  readonly code = 'NO_VERDICT';
}

/** The scanner at an address: clamd of ClamAV, to which each file is streamed over a connection of its own (INSTREAM). */
export const createScanner = (address: { host: string; port: number }): Scanner => ({
  async *pass(chunks, signal) {
    const clamd = await openStream(address, signal);
    try {
      for await (const chunk of chunks) {
        await clamd.send(chunk);
        yield chunk;
      }
      const threat = threatOf(await clamd.verdict());
      if (threat !== null) throw new InfectedFile(threat);
    } finally {
      clamd.close();
    }
  },
});

/** Every failure of the connection is a `NoVerdict`. */
async function openStream(address: { host: string; port: number }, signal: AbortSignal) {
  // Whoever waits for the socket gets the error.
  const socket = connect(address).on('error', () => {});
  const answer = readAnswer(socket);
  // It may fail before anybody waits for it.
  answer.catch(() => {});
  const abort = () => socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);

  async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
    const deadline = setTimeout(
      () => socket.destroy(new Error(`It did not respond within ${milliseconds} ms.`)),
      milliseconds,
    );
    try {
      return await work;
    } catch (cause) {
      signal.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new NoVerdict(`The scanner (clamd) gave no verdict. ${reason}`, { cause });
    } finally {
      clearTimeout(deadline);
    }
  }
  const write = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });

  const close = () => {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  };
  try {
    signal.throwIfAborted();
    await within(connectMilliseconds, once(socket, 'connect'));
    await within(chunkMilliseconds, write(Buffer.from('zINSTREAM\0')));
  } catch (error) {
    close();
    throw error;
  }
  return {
    async send(chunk: Uint8Array) {
      // A chunk of no bytes would end the stream.
      if (chunk.length > 0) await within(chunkMilliseconds, write(framed(chunk)));
    },
    async verdict() {
      await within(chunkMilliseconds, write(framed(new Uint8Array())));
      return within(verdictMilliseconds, answer);
    },
    close,
  };
}

/** A chunk with its length before it. */
function framed(chunk: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(chunk.length);
  return Buffer.concat([length, chunk]);
}

/** The answer, which ends with a zero byte or with the connection. */
async function readAnswer(socket: Socket): Promise<string> {
  let answer = '';
  for await (const part of socket.setEncoding('latin1') as AsyncIterable<string>) {
    answer += part;
    if (answer.includes('\0') || answer.length > maxAnswerLength) break;
  }
  return answer.split('\0', 1)[0]!;
}

/** The name of the threat in clamd's answer; null for a clean file. Any other answer is no verdict. */
function threatOf(answer: string): string | null {
  if (answer === 'stream: OK') return null;
  const [, threat] = /^stream: ([!-~]{1,200}) FOUND$/.exec(answer) ?? [];
  if (threat !== undefined) return threat;
  throw new NoVerdict(`The scanner (clamd) gave no verdict. It answered "${answer.slice(0, 200)}".`);
}
