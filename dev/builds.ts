import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inRepository } from './repository.ts';

/** Something that is made from files, and made again when one of them changes. */
export type Recipe = {
  /** Holds a folder for each build, and newest.json, which says how the newest was made. */
  folder: string;
  /** Absolute paths that decide about a build besides what `make` names; a folder counts as its list of files. */
  inputs: string[];
  /** Writes a build into an empty folder; resolves to the absolute paths of the files that it was made from. */
  make(folder: string): Promise<string[]>;
};

/** Where what `npm start` builds for itself is kept. */
export const buildsFolder = (name: string) => inRepository(join('build', 'dev', name));

/** npm writes it with every change of node_modules. */
export const installedPackages = inRepository('node_modules/.package-lock.json');

/**
 * The folder of a build of today's files, made where there is none, else found within a few milliseconds. It is never
 * changed, and stays for as long as the process `user` lives. Many processes may ask for it at once.
 */
export async function findBuild(recipe: Recipe, user = process.pid): Promise<string> {
  try {
    const folder = freshBuild(recipe) ?? (await makeAlone(recipe, user));
    noteUser(folder, user);
    return folder;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EACCES' && code !== 'EROFS') throw error;
    throw new Error(
      `This user may not write to ${recipe.folder}. Often an earlier run as root left files there: give them back with chown, then run the same command again.`,
      { cause: error },
    );
  }
}

/** A build and the state of each of its inputs when it was made. */
type Build = { folder: string; node: string; inputs: [path: string, state: string][] };

const newestFile = (recipe: Recipe) => join(recipe.folder, 'newest.json');

function readNewest(recipe: Recipe): Build | undefined {
  try {
    return JSON.parse(readFileSync(newestFile(recipe), 'utf8'));
  } catch {
    return undefined;
  }
}

function freshBuild(recipe: Recipe): string | undefined {
  const newest = readNewest(recipe);
  return newest && isFresh(newest) ? newest.folder : undefined;
}

/** Processes that ask at once wait for the first of them, and find what it made. */
async function makeAlone(recipe: Recipe, user: number): Promise<string> {
  await mkdir(recipe.folder, { recursive: true });
  // Loaded only here: what finds a fresh build need not wait for it.
  const { waitForLock } = await import('./data-folder.ts');
  const release = await waitForLock(join(recipe.folder, 'lock'));
  try {
    return freshBuild(recipe) ?? (await makeBuild(recipe, user));
  } finally {
    release();
  }
}

function isFresh({ folder, node, inputs }: Build): boolean {
  const isThere = node === process.version && existsSync(folder);
  return isThere && inputs.every(([path, state]) => stateOf(path) === state);
}

/** Changes when the file does. */
function stateOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size}` : 'missing';
}

async function makeBuild(recipe: Recipe, user: number): Promise<string> {
  const started = Date.now();
  await removeUnused(recipe);
  const folder = await mkdtemp(join(recipe.folder, 'build-'));
  noteUser(folder, user);
  const made = await recipe.make(folder);
  const inputs = [...recipe.inputs, ...made].map((path) => [path, stateBefore(started, path)]);
  // Moved into its place when all is there: whoever reads it finds a whole build.
  const unfinished = join(folder, 'newest.json');
  await writeFile(unfinished, JSON.stringify({ folder, node: process.version, inputs }));
  await rename(unfinished, newestFile(recipe));
  return folder;
}

/** What was written while the build was made may not be in it: it counts as changed. */
function stateBefore(started: number, path: string): string {
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return written < started ? stateOf(path) : 'unknown';
}

const usersOf = (folder: string) => join(folder, '.users');

/** Notes that a process uses a build, which keeps it from being removed. */
function noteUser(folder: string, user: number): void {
  mkdirSync(usersOf(folder), { recursive: true });
  writeFileSync(join(usersOf(folder), String(user)), '');
}

/** Removes the builds whose users have ended, but for the newest. */
async function removeUnused(recipe: Recipe): Promise<void> {
  const newest = readNewest(recipe)?.folder;
  const entries = await readdir(recipe.folder, { withFileTypes: true });
  const builds = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(recipe.folder, name));
  const unused = builds.filter((folder) => folder !== newest && !isUsed(folder));
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
