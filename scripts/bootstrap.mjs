/**
 * Makes a fresh clone ready for any npm script: the packages that package-lock.json names, and the Node that
 * package.json's `engines.node` asks for. Says nothing when there is nothing to do.
 *
 * Plain JavaScript without dependencies: it runs before anything is installed, on whatever Node is there.
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
const broughtNode = join(modules, '.bin', 'node');
const marker = join(modules, '.portfolio-lock');
/** The lock of who installs, with the process id of its npm in a file; not in node_modules, which npm may remove. */
const installing = join(root, 'build', 'installing');
const npmFile = join(installing, 'npm');
const staleAfterSeconds = 10;
const npmEndsWithinSeconds = 2;

const causes = [
  [/ENOSPC/, 'The disk is full. Free about 1 GB and run the same command again.'],
  [
    /EACCES|EPERM|EROFS/,
    `This user may not write to ${root} or to npm's cache. Often an earlier run as root left files there: give them back with chown, then run the same command again.`,
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/,
    "npm's registry cannot be reached. Check the network, and `npm config get registry` and `npm config get proxy`, then run the same command again.",
  ],
  [
    /\b(E401|E403|ENEEDAUTH)\b/,
    'The registry refuses access. Check `npm config get registry` and your login there (`npm whoami`), then run the same command again.',
  ],
  [
    /CERT_|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/,
    'The TLS certificate of the registry is not trusted here. Behind a proxy that inspects TLS, set NODE_EXTRA_CA_CERTS to its certificate, then run the same command again.',
  ],
];

function say(text) {
  process.stderr.write(`[setup] ${text}\n`);
}

function readRootFile(name) {
  return readFileSync(join(root, name), 'utf8');
}

/** What `node_modules` must have been installed from: this lockfile, for this kind of machine. */
function wantedInstall() {
  const hash = createHash('sha256').update(readRootFile('package-lock.json')).digest('hex');
  return `${hash} ${process.platform}-${process.arch}\n`;
}

function presentInstall() {
  return existsSync(marker) ? readFileSync(marker, 'utf8') : undefined;
}

/** Finds what a marker alone cannot: a folder that was deleted, or that a restored cache left out. */
function isEveryPackageThere() {
  const packages = Object.entries(JSON.parse(readRootFile('package-lock.json')).packages);
  const needed = packages.filter(([, entry]) => !entry.optional && !entry.devOptional && !entry.peer);
  return needed.every(([path]) => existsSync(join(root, path)));
}

/** The lowest Node that package.json allows: '24' for ">=24". */
function minimumNode() {
  const wanted = JSON.parse(readRootFile('package.json')).engines?.node;
  const minimum = /^>=\s*(\d+(?:\.\d+){0,2})$/.exec(wanted)?.[1];
  if (!minimum)
    throw new Error(`package.json: engines.node must look like ">=24" or ">=24.3.0", but is ${wanted}.`);
  return minimum;
}

function isNodeEnough(version) {
  return version.localeCompare(minimumNode(), 'en', { numeric: true }) >= 0;
}

function nodeVersion(command, env) {
  const { stdout, error, stderr } = spawnSync(command, ['-p', 'process.versions.node'], {
    env,
    encoding: 'utf8',
  });
  return { version: stdout?.trim() ?? '', problem: error?.message ?? stderr.trim() };
}

/** The `node` that npm scripts find: one that was brought into node_modules/.bin hides the machine's. */
function isScriptsNodeEnough() {
  const runsThisScript = !existsSync(broughtNode) || realpathSync(broughtNode) === process.execPath;
  return isNodeEnough(runsThisScript ? process.versions.node : nodeVersion(broughtNode).version);
}

function isReady() {
  return presentInstall() === wantedInstall() && isEveryPackageThere() && isScriptsNodeEnough();
}

/** The environment in which `node` is the machine's own: npm must not run on the one it is about to replace. */
function machineEnvironment() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const own = folders.filter((folder) => folder !== dirname(broughtNode));
  return { ...process.env, PATH: own.join(delimiter) };
}

/** Shows that a long wait is alive: a line that counts on a terminal, a line every ten seconds elsewhere. */
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

/** npm's own cache, or one in this folder where this user may not write there, as with a HOME that is read-only. */
function cacheArguments() {
  const usual = process.env.npm_config_cache ?? join(homedir(), '.npm');
  if (isWritable(usual)) return [];
  const own = join(root, 'build', 'npm-cache');
  say(`This user may not write to npm's cache in ${usual}. Using ${own} instead.`);
  return [`--cache=${own}`];
}

/** Whether a folder can be written to, or created where its nearest parent can. */
function isWritable(folder) {
  if (!existsSync(folder)) return dirname(folder) !== folder && isWritable(dirname(folder));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Ends npm with all that it has started: it goes on for a minute when it is only asked to. */
function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

async function runNpm(args, env) {
  // Another package manager also sets npm_execpath, and takes other arguments.
  const cli = env.npm_execpath?.endsWith('npm-cli.js') ? ['node', env.npm_execpath] : ['npm'];
  const [command, ...rest] = [...cli, ...args];
  // A process group of its own: Ctrl-C reaches this process alone, which ends all of the group.
  const npm = spawn(command, rest, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  if (npm.pid) writeFileSync(npmFile, String(npm.pid));
  let output = '';
  npm.stdout.on('data', (chunk) => (output += chunk));
  npm.stderr.on('data', (chunk) => (output += chunk));
  let interrupted = false;
  const interrupt = () => {
    if (!interrupted) say('Stopping npm …');
    endGroup(npm.pid, interrupted ? 'SIGKILL' : 'SIGTERM');
    interrupted = true;
    setTimeout(() => endGroup(npm.pid, 'SIGKILL'), npmEndsWithinSeconds * 1000).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);
  const stopProgress = showProgress('npm is installing …');
  const code = await new Promise((resolve, reject) => npm.on('error', reject).on('close', resolve)).finally(
    stopProgress,
  );
  if (interrupted) throw new Error('Interrupted. The same command goes on from here.');
  if (code !== 0)
    throw new Error(`${output.trim()}\n\nnpm could not install the dependencies (exit code ${code}).`);
}

/** Ends an npm that a killed command left behind, so that no two install at once. */
async function endLeftNpm() {
  const pid = Number(existsSync(npmFile) ? readFileSync(npmFile, 'utf8') : 0);
  if (!pid || !isNpm(pid)) return;
  say(`Stopping the npm (process ${pid}) that an earlier command left behind …`);
  endGroup(pid, 'SIGTERM');
  const deadline = Date.now() + npmEndsWithinSeconds * 1000;
  while (isNpm(pid) && Date.now() < deadline) await sleep(50);
  endGroup(pid, 'SIGKILL');
  while (isNpm(pid)) await sleep(50);
}

/** Whether a process is an npm: its id may belong to another program by now. */
function isNpm(pid) {
  const file = `/proc/${pid}/cmdline`;
  if (existsSync('/proc/self/cmdline')) return existsSync(file) && /\bnpm\b/.test(readFileSync(file, 'utf8'));
  return /\bnpm\b/.test(spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
}

/** Two commands on one fresh clone must not install at once. A lock that nobody renews for 10 s is stale. */
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
    if (Date.now() - renewed > staleAfterSeconds * 1000) {
      await endLeftNpm();
      rmSync(installing, { recursive: true, force: true });
    } else if (!waiting) say('Another command is installing the dependencies here. Waiting for it …');
    await sleep(200);
  }
  // Somebody may delete the folder meanwhile: then another command goes on as if this one had ended.
  const renewal = setInterval(() => void utimes(installing, new Date(), new Date()).catch(() => {}), 1_000);
  try {
    await work();
  } finally {
    clearInterval(renewal);
    rmSync(installing, { recursive: true, force: true });
  }
}

function verifyBroughtNode() {
  const { version, problem } = nodeVersion(broughtNode);
  if (isNodeEnough(version)) return version;
  throw new Error(
    `npm's package "node" was installed, but ${version ? `is ${version}` : `does not run here (${problem})`}. ` +
      `Install Node ${minimumNode()} or newer on this machine, then run the same command again.`,
  );
}

async function install() {
  const wanted = wantedInstall();
  const machine = nodeVersion('node', machineEnvironment()).version;
  const bringsNode = !isNodeEnough(machine);
  const present = presentInstall();
  if (!present)
    say('The dependencies are not installed yet. Installing them into node_modules: 700 MB, about a minute.');
  else if (present !== wanted) say('package-lock.json has changed. Bringing node_modules up to date.');
  else if (!isEveryPackageThere()) say('Packages are missing from node_modules. Installing them again.');
  if (bringsNode)
    say(
      `Node ${machine} is older than ${minimumNode()}. Bringing a newer one, for this folder only: 190 MB more.`,
    );

  const started = Date.now();
  rmSync(marker, { force: true });
  // `npm ci` takes the lockfile as it is or fails, but removes all that was there, a Node that was brought as well.
  const isFresh = !existsSync(join(modules, '.package-lock.json'));
  const command = bringsNode || !isFresh ? ['install', '--no-save'] : ['ci'];
  const shielded = ['--include=dev', '--ignore-scripts=false', '--engine-strict=false'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--update-notifier=false'];
  const node = bringsNode ? [`node@^${minimumNode()}`] : [];
  await runNpm([...command, ...shielded, ...quiet, ...cacheArguments(), ...node], machineEnvironment());
  const version = bringsNode ? verifyBroughtNode() : machine;
  mkdirSync(modules, { recursive: true });
  writeFileSync(marker, wanted);
  say(`Ready after ${Math.round((Date.now() - started) / 1000)} s, on Node ${version}.`);
}

try {
  if (process.platform === 'win32') throw new Error('This runs on Linux and macOS; on Windows, in WSL.');
  if (!isReady()) await withLock(async () => isReady() || (await install()));
} catch (error) {
  say(error.message);
  const cause = causes.find(([pattern]) => pattern.test(error.message));
  if (cause) say(cause[1]);
  process.exitCode = 1;
}
