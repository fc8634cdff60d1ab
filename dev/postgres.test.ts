import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../tests/support/eventually.ts';
import { plainUser, startChild, type Child } from '../tests/support/child.ts';
import { isExhaustive } from '../tests/support/exhaustive.ts';
import { testFolder } from '../tests/support/folder.ts';
import { findRunningServer, startPostgres } from './postgres.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const moduleUrl = new URL('postgres.ts', import.meta.url).href;

/** A folder that the tests of a block share, since creating a cluster takes a second. */
function sharedFolder(): { path: string } {
  const folder = { path: '' };
  beforeAll(async () => {
    folder.path = await testFolder();
  });
  return folder;
}

async function query(url: string, statement: string): Promise<postgres.RowList<postgres.Row[]>> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

/** Whether the server accepts connections; its process may remain for a while as a zombie. */
async function answers(url: string): Promise<boolean> {
  try {
    await query(url, 'select 1');
    return true;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Started extends Child {
  server: { url: string; port: number; pid: number };
}

const parts = new AsyncDisposableStack();
afterAll(() => parts.disposeAsync());

/** The user of this run and, if that is root, also a plain user in the exhaustive run. */
const users = isRoot ? [{ user: 'root', asPlainUser: false }] : [];
if (!isRoot || isExhaustive) users.push({ user: 'a plain user', asPlainUser: true });

describe.each(users)('started by $user', ({ asPlainUser }) => {
  const folder = sharedFolder();

  beforeAll(async () => {
    if (asPlainUser && isRoot) await chown(folder.path, plainUser.uid, plainUser.gid);
  });

  /** Starts Postgres from another process, which stops it gracefully on SIGTERM, and ignores SIGINT. */
  async function start(): Promise<Started> {
    const code = `
      import { startPostgres } from ${JSON.stringify(moduleUrl)};
      const server = await startPostgres({ dataDir: ${JSON.stringify(folder.path)} });
      process.on('SIGINT', () => {});
      process.once('SIGTERM', () => server.stop().then(() => process.exit()));
      console.log(JSON.stringify(server));
    `;
    const child = await startChild(code, asPlainUser);
    const server: Started['server'] = JSON.parse(child.firstLine);
    return { ...child, server };
  }

  test('data persists over a restart, and no process runs in between, nor is a server found', async () => {
    const first = await start();
    await query(first.server.url, "create table notes (body text); insert into notes values ('Füße')");
    expect(await findRunningServer(folder.path)).toBe(first.server.url);
    await first.end('SIGTERM');
    expect(isRunning(first.server.pid)).toBe(false);
    expect(await findRunningServer(folder.path)).toBeNull();

    const second = await start();
    expect(await query(second.server.url, 'select upper(body) as body from notes')).toEqual([
      { body: 'FÜßE' },
    ]);
    await second.end('SIGTERM');
  });

  test('the server ends when its starter is killed', async () => {
    const killed = await start();
    await killed.end('SIGKILL');
    await eventually(async () => expect(await answers(killed.server.url)).toBe(false));
  });

  test('a start right after the starter was killed succeeds, with all committed data', async () => {
    const killed = await start();
    await query(killed.server.url, 'create table before_kill ()');
    await killed.end('SIGKILL');

    const next = await start();
    expect(await query(next.server.url, 'select * from before_kill')).toEqual([]);
    await next.end('SIGTERM');
  });

  test('a server that outlived its starter is stopped by the next start', async () => {
    const killed = await start();
    await killGuard(killed);
    await killed.end('SIGKILL');
    expect(await answers(killed.server.url)).toBe(true);

    const next = await start();
    expect(await answers(killed.server.url)).toBe(false);
    await next.end('SIGTERM');
  });

  test('a start after the server was killed too waits for its last process to end', async () => {
    const killed = await start();
    const client = postgres(killed.server.url, { max: 1 });
    await client`create table before_both_kills ()`;
    const [backend] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
    process.kill(Number(backend?.pid), 'SIGSTOP');
    process.kill(killed.server.pid, 'SIGKILL');
    await killed.end('SIGKILL');

    const starting = start();
    await eventually(async () => {
      const log = await readFile(join(folder.path, 'postgres.log'), 'utf8');
      expect(log).toContain('is still in use');
    });
    process.kill(Number(backend?.pid), 'SIGCONT');
    const next = await starting;
    expect(await query(next.server.url, 'select * from before_both_kills')).toEqual([]);
    await next.end('SIGTERM');
    await client.end({ timeout: 0 });
  });

  test('Ctrl-C in the terminal does not reach the server', async () => {
    const started = await start();
    process.kill(-started.pid, 'SIGINT');
    expect(await answers(started.server.url)).toBe(true);
    await started.end('SIGTERM');
  });

  test('a program that has the process id of an earlier server is not stopped', async () => {
    const first = await start();
    const pidFile = join(folder.path, 'cluster', 'postmaster.pid');
    const content = await readFile(pidFile, 'utf8');
    await first.end('SIGTERM');
    const bystander = await startChild("console.log('up')", true);
    await writeFile(pidFile, content.replace(/^\d+/, String(bystander.pid)));

    const next = await start();
    expect(isRunning(bystander.pid)).toBe(true);
    await next.end('SIGTERM');
    await bystander.end('SIGKILL');
  });
});

/** Kills the shell that would stop the server after its starter. */
async function killGuard(started: Started): Promise<void> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  const processes = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const guard = processes.find(
    ([, parent, ...args]) => Number(parent) === started.pid && args.at(-1) === String(started.server.pid),
  );
  process.kill(Number(guard?.[0]), 'SIGKILL');
}

describe('a server', () => {
  const folder = sharedFolder();

  test('listens on 127.0.0.1 only, and requires its password', async () => {
    const server = await startPostgres({ dataDir: folder.path });
    expect(await query(server.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(server.url, 'show unix_socket_directories')).toEqual([
      { unix_socket_directories: '' },
    ]);
    const url = new URL(server.url);
    url.password = 'guessed';
    await expect(query(url.href, 'select 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(folder.path, 'password'))).mode & 0o777).toBe(0o600);
    await server.stop();
  });

  test.each([
    { durable: true, fsync: 'on' },
    { durable: false, fsync: 'off' },
  ])('started with durable $durable has fsync $fsync', async ({ durable, fsync }) => {
    const server = await startPostgres({ dataDir: folder.path, durable });
    expect(await query(server.url, 'show fsync')).toEqual([{ fsync }]);
    await server.stop();
  });

  test('can be stopped twice, and has ended afterwards', async () => {
    const server = await startPostgres({ dataDir: folder.path });
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  });

  test('is not affected by a second start on its folder, which is refused', async () => {
    const server = await startPostgres({ dataDir: folder.path });
    await expect(startPostgres({ dataDir: folder.path })).rejects.toThrow(
      `The Postgres data in ${folder.path} is in use by another process (${process.pid})`,
    );
    expect(await answers(server.url)).toBe(true);
    await server.stop();
  });

  test('is not started on a busy port, which the error names', async () => {
    const other = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await expect(startPostgres({ dataDir: folder.path, port })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is busy`,
    );
    other.close();
    await once(other, 'close');
    const server = await startPostgres({ dataDir: folder.path, port });
    expect(server.port).toBe(port);
    await server.stop();
  });
});

describe('a folder', () => {
  const folder = sharedFolder();

  test('whose creation was interrupted is created again', async () => {
    const unfinished = join(folder.path, 'cluster-unfinished-abc');
    await mkdir(unfinished);
    await writeFile(join(unfinished, 'PG_VERSION'), '17\n');
    const server = await startPostgres({ dataDir: folder.path });
    await server.stop();
    expect((await readdir(folder.path)).toSorted()).toEqual(['cluster', 'lock', 'password', 'postgres.log']);
  });
});

describe('the error for an unusable folder names it, the problem and what to do:', () => {
  const folder = sharedFolder();
  const moved: { from: string; to: string }[] = [];

  beforeAll(async () => {
    const server = await startPostgres({ dataDir: folder.path });
    await server.stop();
  });

  afterEach(async () => {
    await Promise.all(moved.splice(0).map(({ from, to }) => rename(to, from)));
  });

  /** Replaces a file of the folder until the end of the test. */
  async function replace(file: string, content?: string): Promise<void> {
    const from = join(folder.path, file);
    const to = `${from}.kept`;
    await rename(from, to);
    moved.push({ from, to });
    if (content !== undefined) {
      await writeFile(from, content);
      const { uid, gid } = await stat(to);
      await chown(from, uid, gid);
    }
  }

  test.each([
    {
      problem: 'created by another version',
      file: 'cluster/PG_VERSION',
      content: '18\n',
      refusal:
        'cannot be used: it was created by Postgres 18, but this version of the program includes Postgres 17.',
    },
    {
      problem: 'not a cluster',
      file: 'cluster/PG_VERSION',
      refusal: 'cannot be used: its file PG_VERSION cannot be read.',
    },
    { problem: 'no password', file: 'password', refusal: 'cannot be used: its password file' },
    {
      problem: 'another password',
      file: 'password',
      content: 'another',
      refusal: 'password authentication failed',
    },
    {
      problem: 'damaged data, with the end of the log',
      file: 'cluster/global/pg_control',
      content: '',
      refusal: 'could not read file "global/pg_control"',
    },
  ])('$problem', async ({ file, content, refusal }) => {
    await replace(file, content);
    const message = await startPostgres({ dataDir: folder.path }).catch(String);
    expect(message).toContain(refusal);
    expect(message).toContain(join(folder.path, 'cluster'));
    expect(message).toContain(`Restore a backup of ${folder.path}, or move it away`);
  });
});

test('a copy of a template has its data, and requires its own password', async () => {
  const [template, copied] = [await testFolder(), await testFolder()];
  const original = await startPostgres({ dataDir: template });
  await query(original.url, 'create table kept as select 42 as answer');
  await original.stop();

  const server = await startPostgres({ dataDir: copied, template: async () => template });
  parts.defer(() => server.stop());
  expect(await query(server.url, 'select * from kept')).toEqual([{ answer: 42 }]);
  const withOldPassword = Object.assign(new URL(server.url), { password: new URL(original.url).password });
  expect(withOldPassword.href).not.toBe(server.url);
  await expect(query(withOldPassword.href, 'select 1')).rejects.toThrow('password authentication failed');
});

test('an aborted start leaves no partial data', async () => {
  const dataDir = await testFolder();
  const broken = new AbortController();
  const starting = startPostgres({
    dataDir,
    signal: broken.signal,
    log: () => setImmediate(() => broken.abort()),
  });
  await expect(starting).rejects.toThrow('aborted');
  expect((await readdir(dataDir)).filter((name) => name.startsWith('cluster'))).toEqual([]);
});
