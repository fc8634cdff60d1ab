import { sql } from 'drizzle-orm';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { openDatabase } from './database.ts';
import { createLog } from './log.ts';
import { migrate } from './migrate.ts';
import { poolerHelp } from './pooler.ts';
import { startWithRetries } from './start-with-retries.ts';

let parts = new AsyncDisposableStack();
afterEach(async () => {
  const ended = parts;
  parts = new AsyncDisposableStack();
  await ended.disposeAsync();
});

/** A pooler that refuses every connection with this error. */
async function refusingPooler(code: string, message: string, onStart: (startup: Buffer) => void = () => {}) {
  const fields = ['SFATAL', 'VFATAL', `C${code}`, `M${message}`].map((field) => `${field}\0`).join('');
  const body = Buffer.from(`${fields}\0`);
  const head = Buffer.from('E0000');
  head.writeInt32BE(body.length + 4, 1);
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', (startup) => {
        onStart(startup);
        socket.end(Buffer.concat([head, body]));
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  parts.defer(() => void server.close());
  return `postgres://ada:secret@127.0.0.1:${(server.address() as AddressInfo).port}/portfolio`;
}

function spiedLog() {
  const log = createLog('test', 'silent');
  return { log, error: vi.spyOn(log, 'error') };
}

const settingToMake = expect.stringContaining('ignore_startup_parameters = options, statement_timeout');
const ofPgBouncer = ['08P01', 'unsupported startup parameter: options'] as const;

test.each([
  ['PgBouncer', ...ofPgBouncer],
  ['RDS Proxy', '0A000', 'Feature not supported: RDS Proxy currently doesn’t support command-line options.'],
])(
  'a program behind %s that refuses its connections logs which setting to make, once',
  async (_, code, message) => {
    const { log, error } = spiedLog();
    const url = await refusingPooler(code, message);
    const { db, check, close } = openDatabase({ url, poolSize: 1, applicationName: 'test', log });
    parts.defer(close);
    await expect(db.execute(sql`select 1`)).rejects.toThrow('Failed query');
    await expect(check()).rejects.toThrow(message);
    expect(error.mock.calls).toEqual([[{ err: expect.any(Error) }, settingToMake]]);
  },
);

/** What PgBouncer accepts anyway. */
const accepted = ['user', 'database', 'client_encoding', 'application_name'];

test('the setting names every parameter that the programs send', async () => {
  const sent = new Set<string>();
  const { log } = spiedLog();
  const url = await refusingPooler(...ofPgBouncer, (startup) => {
    // Names and values, each with a null byte at its end, after the length and the version.
    const texts = startup.toString('utf8', 8).split('\0');
    for (let at = 0; at < texts.length && texts[at] !== ''; at += 2) sent.add(texts[at]!);
  });
  const { check, close } = openDatabase({ url, poolSize: 1, applicationName: 'x', log, fixedPlans: true });
  parts.defer(close);
  await expect(check()).rejects.toThrow(ofPgBouncer[1]);
  const [, named] = /ignore_startup_parameters = ([\w, ]+), and/.exec(poolerHelp)!;
  expect(sent).toEqual(new Set([...accepted, ...named!.split(', ')]));
});

test('migrations behind such a pooler log it, too, and go on when the setting was made', async () => {
  const { log, error } = spiedLog();
  const url = await refusingPooler(...ofPgBouncer);
  let isRefused = true;
  const started = startWithRetries(log, async () => {
    if (isRefused) await migrate({ url });
  });
  await eventually(() => expect(error).toHaveBeenCalledWith({ err: expect.any(Error) }, settingToMake));
  isRefused = false;
  await started;
});
