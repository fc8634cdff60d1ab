import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasClamav, startClamav, testMalware, testThreat } from '../../../../tests/support/clamav.ts';
import { toOutage } from './outage.ts';
import { createScanner } from './scanner.ts';

const never = new AbortController().signal;
const parts = new AsyncDisposableStack();
afterAll(() => parts.disposeAsync());

type Address = { host: string; port: number };
const scan = (address: Address, chunks: Iterable<Uint8Array>, signal = never) =>
  buffer(createScanner(address).pass(Readable.from(chunks), signal));
const failed = (scanned: Promise<unknown>) =>
  scanned.then(
    () => expect.unreachable('It was accepted.'),
    (error: unknown) => error,
  );

describe.skipIf(!hasClamav)('with clamd (needs the Debian package clamav-daemon)', () => {
  let address: Address;
  beforeAll(async () => {
    const clamav = parts.adopt(await startClamav({ maxBytes: 1024 * 1024 }), (running) => running.stop());
    ({ address } = clamav);
  });

  test.each([
    ['nothing', []],
    ['one chunk', [Buffer.from('harmless')]],
    ['an empty chunk between others', [Buffer.from('harm'), Buffer.alloc(0), Buffer.from('less')]],
  ])('a clean file is passed on unchanged: %s', async (_, chunks) => {
    expect(await scan(address, chunks)).toEqual(Buffer.concat(chunks));
  });

  test('malware is found and named, also across chunks', async () => {
    const bytes = Buffer.from(`before ${testMalware} after`);
    const halves = [bytes.subarray(0, 20), bytes.subarray(20)];
    for (const chunks of [[bytes], halves])
      expect(await failed(scan(address, chunks))).toMatchObject({ code: 'quarantined', threat: testThreat });
  });

  test('a file that clamd is not allowed to scan, as it is too large, counts as not scanned', async () => {
    const chunks = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024));
    expect(toOutage(await failed(scan(address, chunks)))).toMatchObject({ code: 'unavailable' });
  });

  test('many files are scanned at the same time, each with its own verdict', async () => {
    const verdicts = Array.from({ length: 20 }, (_, index) =>
      scan(address, [Buffer.from(index % 2 ? testMalware : 'harmless')]).then(
        () => 'clean',
        () => 'infected',
      ),
    );
    const expected = Array.from({ length: 20 }, (_, index) => (index % 2 ? 'infected' : 'clean'));
    expect(await Promise.all(verdicts)).toEqual(expected);
  });
});

/** A server that does something else than clamd to each connection. */
async function startServer(serve: (socket: Socket) => void): Promise<Address> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    serve(socket);
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  parts.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

describe('without a verdict, a file counts as not scanned', () => {
  const bytes = [Buffer.from('harmless')];

  test('if nobody listens', async () => {
    const error = await failed(scan({ host: '127.0.0.1', port: 1 }, bytes));
    expect(toOutage(error)).toMatchObject({ code: 'unavailable' });
  });

  test.each([
    ['closes the connection', (socket: Socket) => void socket.destroy()],
    ['ends without an answer', (socket: Socket) => void socket.resume().end()],
    ['answers something else', (socket: Socket) => void socket.resume().end('stream: OK or not\0')],
    [
      'reports an error',
      (socket: Socket) => void socket.resume().end('INSTREAM size limit exceeded. ERROR\0'),
    ],
    ['answers without end', (socket: Socket) => void socket.resume().write('x'.repeat(100_000))],
  ])('if the scanner %s', async (_, serve) => {
    const error = await failed(scan(await startServer(serve), bytes));
    expect(toOutage(error)).toMatchObject({ code: 'unavailable' });
  });

  test('if the caller gives up, and the scan ends at once', async () => {
    const address = await startServer((socket) => void socket.resume());
    const caller = new AbortController();
    const scanning = failed(scan(address, bytes, caller.signal));
    caller.abort(new Error('gone'));
    expect(await scanning).toMatchObject({ message: 'gone' });
  });
});

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('begin');
  throw new RangeError('broken');
}

test('an error of the file itself is passed on as it is', async () => {
  const address = await startServer((socket) => void socket.resume());
  const scanning = buffer(createScanner(address).pass(broken(), never));
  expect(await failed(scanning)).toBeInstanceOf(RangeError);
});
