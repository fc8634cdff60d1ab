/**
 * Prepares a fresh clone for any npm script: installs the packages of package-lock.json, and the Node version that
 * package.json's `engines.node` requires. Prints nothing when there is nothing to do.
 *
 * Plain JavaScript without dependencies: it runs before anything is installed, on the machine's Node version.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const localNode = join(modules, '.bin', 'node');
const marker = join(modules, '.portfolio-lock');
/** The lock of the installing process; not in node_modules, which npm may remove. */
const installing = join(root, 'build', 'installing');
const staleAfterSeconds = 10;
const npmStopTimeoutSeconds = 2;

const causes = [
  [/ENOSPC/, 'The disk is full. Free about 1 GB and run the same command again.'],
  [
    /EACCES|EPERM|EROFS/,
    `This user may not write to ${root} or to npm's cache. An earlier run as root may have left files there: change their owner with chown, then run the same command again.`,
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/,
    "npm's registry cannot be reached. Check the network, and `npm config get registry` and `npm config get proxy`, then run the same command again.",
  ],
  [
    /\b(E401|E403|ENEEDAUTH)\b/,
    'The registry denies access. Check `npm config get registry` and your login there (`npm whoami`), then run the same command again.',
  ],
  [
    /CERT_|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/,
    'The TLS certificate of the registry is not trusted here. Behind a TLS-inspecting proxy, set NODE_EXTRA_CA_CERTS to the certificate of the proxy, then run the same command again.',
  ],
];

function print(text) {
  process.stderr.write(`[setup] ${text}\n`);
}

function readRootFile(name) {
  return readFileSync(join(root, name), 'utf8');
}

/** Identifies the install that is required: the lockfile's hash and the platform. */
function requiredInstall() {
  const hash = createHash('sha256').update(readRootFile('package-lock.json')).digest('hex');
  return `${hash} ${process.platform}-${process.arch}\n`;
}

function currentInstall() {
  return existsSync(marker) ? readFileSync(marker, 'utf8') : undefined;
}

/** Detects what the marker cannot: a package folder that was deleted, or is missing from a restored cache. */
function isEveryPackageInstalled() {
  const packages = Object.entries(JSON.parse(readRootFile('package-lock.json')).packages);
  const needed = packages.filter(([, entry]) => !entry.optional && !entry.devOptional && !entry.peer);
  return needed.every(([path]) => existsSync(join(root, path)));
}

/** The lowest Node version that package.json allows, such as '24' for ">=24". */
function minimumNode() {
  const wanted = JSON.parse(readRootFile('package.json')).engines?.node;
  const minimum = /^>=\s*(\d+(?:\.\d+){0,2})$/.exec(wanted)?.[1];
  if (!minimum)
    throw new Error(`package.json: engines.node must look like ">=24" or ">=24.3.0", but is ${wanted}.`);
  return minimum;
}

function isNodeRecentEnough(version) {
  return version.localeCompare(minimumNode(), 'en', { numeric: true }) >= 0;
}

function nodeVersion(command, env) {
  const { stdout, error, stderr } = spawnSync(command, ['-p', 'process.versions.node'], {
    env,
    encoding: 'utf8',
  });
  return { version: stdout?.trim() ?? '', problem: error?.message ?? stderr.trim() };
}

/** Checks the `node` of npm scripts: one that is installed in node_modules/.bin takes precedence over the machine's. */
function isScriptsNodeRecentEnough() {
  const runsThisScript = !existsSync(localNode) || realpathSync(localNode) === process.execPath;
  return isNodeRecentEnough(runsThisScript ? process.versions.node : nodeVersion(localNode).version);
}

function isReady() {
  return currentInstall() === requiredInstall() && isEveryPackageInstalled() && isScriptsNodeRecentEnough();
}

/** An environment in which `node` is the machine's: npm must not run on the version it is about to replace. */
function machineEnvironment() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const own = folders.filter((folder) => folder !== dirname(localNode));
  return { ...process.env, PATH: own.join(delimiter) };
}

/** Shows progress during a long wait: one updated line on a terminal, otherwise a line every ten seconds. */
function showProgress(text) {
  const started = Date.now();
  const isTerminal = process.stderr.isTTY;
  const timer = setInterval(
    () => {
      const line = `[setup] ${text} ${Math.round((Date.now() - started) / 1000)} s`;
      process.stderr.write(isTerminal ? `\r${line}` : `${line}\n`);
    },
    isTerminal ? 1_000 : 10_000,
  );
  return () => {
    clearInterval(timer);
    if (isTerminal) process.stderr.write('\r\u001B[K');
  };
}

/** npm's default cache or, if this user cannot write to it, such as with a read-only HOME, one in this folder. */
function cacheArguments() {
  const usual = process.env.npm_config_cache ?? join(homedir(), '.npm');
  if (isWritable(usual)) return [];
  const own = join(root, 'build', 'npm-cache');
  print(`This user may not write to npm's cache in ${usual}. Using ${own} instead.`);
  return [`--cache=${own}`];
}

/** Whether a folder can be written to, or be created. */
function isWritable(folder) {
  if (!existsSync(folder)) return dirname(folder) !== folder && isWritable(dirname(folder));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Sends a signal to npm and all its child processes. */
function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/** Starts a shell that kills npm when this process ends, which closes the pipe to the shell. */
function endWithThisProcess(npm) {
  if (!npm.pid) return;
  const guard = spawn('/bin/sh', ['-c', 'read -r line; kill -KILL "-$0"', String(npm.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  npm.once('exit', () => guard.kill('SIGKILL'));
}

async function runNpm(args, env) {
  // Other package managers also set npm_execpath, but take other arguments.
  const cli = env.npm_execpath?.endsWith('npm-cli.js') ? ['node', env.npm_execpath] : ['npm'];
  const [command, ...rest] = [...cli, ...args];
  let interrupted = false;
  const interrupt = () => {
    if (!interrupted) print('Stopping npm …');
    endGroup(npm.pid, interrupted ? 'SIGKILL' : 'SIGTERM');
    interrupted = true;
    setTimeout(() => endGroup(npm.pid, 'SIGKILL'), npmStopTimeoutSeconds * 1000).unref();
  };
  // Before npm starts: a signal in between would end this process alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);
  // In its own process group: Ctrl-C reaches only this process, which ends the whole group.
  const npm = spawn(command, rest, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  endWithThisProcess(npm);
  let output = '';
  npm.stdout.on('data', (chunk) => (output += chunk));
  npm.stderr.on('data', (chunk) => (output += chunk));
  const stopProgress = showProgress('npm is installing …');
  const code = await new Promise((resolve, reject) => npm.on('error', reject).on('close', resolve)).finally(
    stopProgress,
  );
  if (interrupted) throw new Error('Interrupted. Run the same command again to continue.');
  if (code !== 0)
    throw new Error(`${output.trim()}\n\nnpm could not install the dependencies (exit code ${code}).`);
}

/** Runs `work` under a lock, since two commands must not install concurrently. A lock not renewed for 10 s is stale. */
async function withLock(work) {
  mkdirSync(dirname(installing), { recursive: true });
  for (let waiting = false; ; waiting = true) {
    try {
      mkdirSync(installing);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const renewed = statSync(installing, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - renewed > staleAfterSeconds * 1000) rmSync(installing, { recursive: true, force: true });
    else if (!waiting) print('Another command is installing the dependencies. Waiting for it …');
    await sleep(200);
  }
  // If the folder is deleted meanwhile, another command continues as if this one had ended.
  const renewal = setInterval(() => void utimes(installing, new Date(), new Date()).catch(() => {}), 1_000);
  try {
    await work();
  } finally {
    clearInterval(renewal);
    rmSync(installing, { recursive: true, force: true });
  }
}

function verifyLocalNode() {
  const { version, problem } = nodeVersion(localNode);
  if (isNodeRecentEnough(version)) return version;
  throw new Error(
    `npm's package "node" was installed, but ${version ? `is ${version}` : `does not run here (${problem})`}. ` +
      `Install Node ${minimumNode()} or newer on this machine, then run the same command again.`,
  );
}

async function install() {
  const wanted = requiredInstall();
  const machine = nodeVersion('node', machineEnvironment()).version;
  const installsNode = !isNodeRecentEnough(machine);
  const present = currentInstall();
  if (!present)
    print(
      'The dependencies are not installed yet. Installing them into node_modules: 700 MB, about a minute.',
    );
  else if (present !== wanted) print('package-lock.json has changed. Updating node_modules.');
  else if (!isEveryPackageInstalled())
    print('Packages are missing from node_modules. Installing them again.');
  if (installsNode)
    print(
      `Node ${machine} is older than ${minimumNode()}. Installing a newer version, for this folder only: 190 MB more.`,
    );

  const started = Date.now();
  rmSync(marker, { force: true });
  // `npm ci` never changes the lockfile, but removes everything that was installed, including the local Node.
  const isFresh = !existsSync(join(modules, '.package-lock.json'));
  const command = installsNode || !isFresh ? ['install', '--no-save'] : ['ci'];
  const shielded = ['--include=dev', '--ignore-scripts=false', '--engine-strict=false'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--update-notifier=false'];
  const node = installsNode ? [`node@^${minimumNode()}`] : [];
  await runNpm([...command, ...shielded, ...quiet, ...cacheArguments(), ...node], machineEnvironment());
  const version = installsNode ? verifyLocalNode() : machine;
  mkdirSync(modules, { recursive: true });
  writeFileSync(marker, wanted);
  print(`Ready after ${Math.round((Date.now() - started) / 1000)} s, on Node ${version}.`);
}

try {
  if (process.platform === 'win32')
    throw new Error('Windows is supported in WSL only; the other supported systems are Linux and macOS.');
  if (!isReady()) await withLock(async () => isReady() || (await install()));
} catch (error) {
  print(error.message);
  const cause = causes.find(([pattern]) => pattern.test(error.message));
  if (cause) print(cause[1]);
  process.exitCode = 1;
}
