import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('..', import.meta.url));

/** What is bundled, and where bundles of it are kept. */
export type BundlePlace = {
  /** The folder that all other paths are relative to, but for the one of the bundles. */
  root: string;
  entryPoints: Record<string, string>;
  /** Files that decide about a bundle besides its sources. */
  configuration: string[];
  /** Holds a folder for each bundle, and newest.json, which says how the newest was made. */
  bundles: string;
};

const developmentPlace: BundlePlace = {
  root: repository,
  entryPoints: {
    api: 'packages/api/src/main.ts',
    migrate: 'packages/api/src/migrate.ts',
    worker: 'packages/worker/src/main.ts',
    'pdf-thread': 'packages/worker/src/pdf/thread.ts',
  },
  configuration: [
    'package.json',
    ...['core', 'api', 'worker'].map((name) => `packages/${name}/package.json`),
    'scripts/bundle.ts',
    'dev/programs.ts',
    'dev/write-bundle.ts',
    // npm writes it with every change of node_modules.
    'node_modules/.package-lock.json',
  ],
  bundles: join(repository, 'build', 'dev'),
};

/** Entry files of the programs, and the folder in which Node is to keep what it compiles of them. */
export type Programs = { api: string; migrate: string; worker: string; compileCache: string };

/**
 * The programs as one bundle of today's sources, for processes on this machine: they start three times as fast as from
 * the sources. Made anew only when a source has changed, else found within a few milliseconds. It stays while this
 * process lives, and many processes may ask for it at once.
 */
export async function developmentPrograms(): Promise<Programs> {
  const folder = await findBundle(developmentPlace);
  const entry = (name: string) => join(folder, `${name}.js`);
  return {
    api: entry('api'),
    migrate: entry('migrate'),
    worker: entry('worker'),
    compileCache: join(folder, 'compile-cache'),
  };
}

/** The folder of a bundle of today's sources, made where there is none; kept for as long as the process `user` lives. */
export async function findBundle(place: BundlePlace, user = process.pid): Promise<string> {
  const newest = readNewest(place);
  const folder = newest && isFresh(place, newest) ? newest.folder : await makeBundle(place, user);
  noteUser(folder, user);
  return folder;
}

/** A bundle and the state of each of its inputs when it was made. */
type Bundle = { folder: string; node: string; inputs: [path: string, state: string][] };

const newestFile = ({ bundles }: BundlePlace) => join(bundles, 'newest.json');

function readNewest(place: BundlePlace): Bundle | undefined {
  try {
    return JSON.parse(readFileSync(newestFile(place), 'utf8'));
  } catch {
    return undefined;
  }
}

function isFresh({ root, entryPoints }: BundlePlace, { folder, node, inputs }: Bundle): boolean {
  const isThere = Object.keys(entryPoints).every((name) => existsSync(join(folder, `${name}.js`)));
  return (
    isThere &&
    node === process.version &&
    inputs.every(([path, state]) => stateOf(join(root, path)) === state)
  );
}

/** Changes when the file does. */
function stateOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size}` : 'missing';
}

async function makeBundle(place: BundlePlace, user: number): Promise<string> {
  const { root, configuration, bundles } = place;
  const started = Date.now();
  await mkdir(bundles, { recursive: true });
  await removeUnused(place);
  const folder = await mkdtemp(join(bundles, 'bundle-'));
  noteUser(folder, user);
  const sources = await writeBundle(place, folder);
  await symlink(join(root, 'drizzle'), join(folder, 'drizzle'));
  const inputs = [...configuration, ...sources].map((path) => [path, stateBefore(started, join(root, path))]);
  // Moved into its place when all is there: whoever reads it finds a whole bundle.
  const unfinished = join(folder, 'newest.json');
  await writeFile(unfinished, JSON.stringify({ folder, node: process.version, inputs }));
  await rename(unfinished, newestFile(place));
  return folder;
}

/** Resolves to the sources. */
async function writeBundle({ root, entryPoints }: BundlePlace, folder: string): Promise<string[]> {
  const script = fileURLToPath(new URL('./write-bundle.ts', import.meta.url));
  const args = [script, root, folder, JSON.stringify(entryPoints)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: Infinity }).catch((error: unknown) => {
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(`The programs cannot be bundled.\n${reason}`, { cause: error });
  });
  const inputs: string[] = JSON.parse(stdout);
  return inputs.filter((path) => !path.includes('node_modules/'));
}

/** What was written while the bundle was made may not be in it: it counts as changed. */
function stateBefore(started: number, file: string): string {
  const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return written < started ? stateOf(file) : 'unknown';
}

const usersOf = (folder: string) => join(folder, 'users');

/** Notes that a process uses a bundle, which keeps it from being removed. */
function noteUser(folder: string, user: number): void {
  mkdirSync(usersOf(folder), { recursive: true });
  writeFileSync(join(usersOf(folder), String(user)), '');
}

/** Removes the bundles whose users have ended, but for the newest. */
async function removeUnused(place: BundlePlace): Promise<void> {
  const newest = readNewest(place)?.folder;
  const entries = await readdir(place.bundles, { withFileTypes: true });
  const bundles = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(place.bundles, name));
  const unused = bundles.filter((folder) => folder !== newest && !isUsed(folder));
  await Promise.all(unused.map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 3 })));
}

/** One whose first user is yet to be noted is about to be made. */
function isUsed(folder: string): boolean {
  const users = usersOf(folder);
  return !existsSync(users) || readdirSync(users).some((pid) => isRunning(Number(pid)));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
