import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inRepository } from './repository.ts';

/** A build from files, which is repeated when one of them changes. */
export type Recipe = {
  /** Contains a folder for each build, and newest.json with the inputs of the newest one. */
  folder: string;
  /** Absolute paths that affect a build besides those that `make` returns; a folder stands for its list of files. */
  inputs: string[];
  /** Writes a build into an empty folder; resolves to the absolute paths of its source files. */
  make(folder: string): Promise<string[]>;
};

/** The folder of what `npm start` builds. */
export const buildsFolder = (name: string) => inRepository(join('build', 'dev', name));

/** Written by npm with every change of node_modules. */
export const installedPackages = inRepository('node_modules/.package-lock.json');

/**
 * The folder of a build of the current files: found within a few milliseconds, or built first if there is none. The folder
 * is never changed, and exists as long as the process `user` runs. Safe to call from many processes concurrently.
 */
export async function findBuild(recipe: Recipe, user = process.pid): Promise<string> {
  try {
    const folder = freshBuild(recipe) ?? (await makeAlone(recipe, user));
    recordUser(folder, user);
    return folder;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EACCES' && code !== 'EROFS') throw error;
    throw new Error(
      `This user may not write to ${recipe.folder}. An earlier run as root may have left files there: change their owner with chown, then run the same command again.`,
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
  return newest && isFresh(newest, recipe) ? newest.folder : undefined;
}

/** Concurrent callers wait for the first one, and use its build. */
async function makeAlone(recipe: Recipe, user: number): Promise<string> {
  await mkdir(recipe.folder, { recursive: true });
  // Loaded only here, so that finding a fresh build does not wait for it.
  const { waitForLock } = await import('./data-folder.ts');
  const release = await waitForLock(join(recipe.folder, 'lock'));
  try {
    return freshBuild(recipe) ?? (await makeBuild(recipe, user));
  } finally {
    release();
  }
}

function isFresh({ folder, node, inputs }: Build, recipe: Recipe): boolean {
  const isUsable = node === process.version && existsSync(folder);
  const known = new Map(inputs);
  // The recipe may have become one of more files.
  return (
    isUsable &&
    recipe.inputs.every((path) => known.has(path)) &&
    inputs.every(([path, state]) => stateOf(path) === state)
  );
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
  recordUser(folder, user);
  const made = await recipe.make(folder);
  const inputs = [...recipe.inputs, ...made].map((path) => [path, stateBefore(started, path)]);
  // Moved into place when complete, so that readers never see a partial build.
  const unfinished = join(folder, 'newest.json');
  await writeFile(unfinished, JSON.stringify({ folder, node: process.version, inputs }));
  await rename(unfinished, newestFile(recipe));
  return folder;
}

/** A file written during the build may not be in it: it counts as changed. */
function stateBefore(started: number, path: string): string {
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return written < started ? stateOf(path) : 'unknown';
}

const usersOf = (folder: string) => join(folder, '.users');

/** Records that a process uses a build, so that it is not removed. */
function recordUser(folder: string, user: number): void {
  mkdirSync(usersOf(folder), { recursive: true });
  writeFileSync(join(usersOf(folder), String(user)), '');
}

/** Removes the builds whose users have ended, except the newest. */
async function removeUnused(recipe: Recipe): Promise<void> {
  const newest = readNewest(recipe)?.folder;
  const entries = await readdir(recipe.folder, { withFileTypes: true });
  const builds = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(recipe.folder, name));
  const unused = builds.filter((folder) => folder !== newest && !isUsed(folder));
  await Promise.all(unused.map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 3 })));
}

/** A build without any recorded user is being created. */
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
