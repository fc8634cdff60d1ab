import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { testFolder } from './folder.ts';
import { freePort } from './stack.ts';
import { until } from './until.ts';

/** The path in Debian's package clamav-daemon. */
const program = '/usr/sbin/clamd';
export const hasClamav = existsSync(program);

/** What the only signature of the test's database matches: made up, and harmless. */
export const testMalware = 'this text is malware in the tests of the portfolio platform';
/** Its name, as clamd reports signatures that are not signed by ClamAV. */
export const testThreat = 'Portfolio.Test.Malware.UNOFFICIAL';

/** Runs clamd on a free port of 127.0.0.1 with one signature of our own: no update and no network. */
export async function startClamav({ maxBytes = 100 * 1024 * 1024 } = {}) {
  const folder = await testFolder();
  const port = await freePort();
  const database = join(folder, 'database');
  await mkdir(database);
  const signature = Buffer.from(testMalware).toString('hex');
  await writeFile(join(database, 'test.ndb'), `Portfolio.Test.Malware:0:*:${signature}\n`);
  const config = join(folder, 'clamd.conf');
  const settings = {
    Foreground: 'yes',
    TCPAddr: '127.0.0.1',
    TCPSocket: port,
    DatabaseDirectory: database,
    TemporaryDirectory: folder,
    StreamMaxLength: maxBytes,
  };
  await writeFile(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  );
  const child = spawn(program, ['-c', config], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await until('clamd answers', async () => (await ping(port)) === 'PONG\n');
  return {
    address: { host: '127.0.0.1', port },
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function ping(port: number): Promise<string | null> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {}).end('nPING\n');
  return text(socket).catch(() => null);
}
