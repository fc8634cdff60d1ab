import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { access, constants, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

/** The version of the data folder's layout; increase it when a folder moves. */
const layoutVersion = 1;

const isBusy = 5; // SQLITE_BUSY

/** The locks of this process: a lock is released when its object is garbage-collected. */
const ownLocks = new Set<DatabaseSync>();

export interface DataFolder {
  /** Absolute path of the folder. */
  path: string;
  /** The folder for `startPostgres`; not created here. */
  postgresDir: string;
  /** The folder for `startAws`; not created here. */
  awsDir: string;
  /** The file with the URL of the API and the API key of the local owner. */
  credentialsFile: string;
  /** Releases the folder for the next instance. Idempotent. */
  release: () => void;
}

/**
 * Opens the folder with all local data, exclusively for this process.
 *
 * Creates it (mode 0700) if missing. The lock is released when the process ends, however it ends.
 *
 * @param path Absolute, or relative to the working directory.
 * @throws Error with a message for users: the path is a file, is not readable and writable, is in use by another instance,
 *   or has the layout of a newer version.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  await makeUsable(folder);
  const lock = takeLock(join(folder, 'lock'));
  if (!lock.taken) {
    throw new Error(
      `${folder} is in use by another npm start (process ${lock.owner}). Stop it, or set PORTFOLIO_DATA_DIR to another folder.`,
    );
  }
  try {
    await checkLayout(folder);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    path: folder,
    postgresDir: join(folder, 'postgres'),
    awsDir: join(folder, 'aws'),
    credentialsFile: join(folder, 'credentials.json'),
    release: lock.release,
  };
}

type Lock = { taken: true; release: () => void } | { taken: false; owner: string };

/**
 * Takes an exclusive lock on a file, without waiting. It is SQLite's lock on an empty database: the kernel releases it when
 * the process ends, even by `kill -9`, so there are no stale locks.
 *
 * @param file Created if missing, and never removed: a removed lock file could be locked twice.
 * @returns The lock, or the id of the process that holds it ("unknown" in the moment before that process has stored it).
 */
export function takeLock(file: string): Lock {
  const ownerFile = `${file}.pid`;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === isBusy) {
      return { taken: false, owner: readOwner(ownerFile) };
    }
    throw new Error(
      `The lock file ${file} cannot be used (${String(error)}). This user needs write access to it; a damaged file can be removed.`,
      { cause: error },
    );
  }
  ownLocks.add(database);
  writeFileSync(ownerFile, String(process.pid));
  return {
    taken: true,
    release() {
      if (!ownLocks.delete(database)) return;
      rmSync(ownerFile, { force: true });
      database.close();
    },
  };
}

/**
 * Like `takeLock`, but waits while another process holds the lock. `onWait` is called once with the id of that process.
 *
 * @returns The function that releases the lock.
 */
export async function waitForLock(
  file: string,
  onWait: (owner: string) => void = () => {},
): Promise<() => void> {
  for (let isWaiting = false; ; isWaiting = true) {
    const lock = takeLock(file);
    if (lock.taken) return lock.release;
    if (!isWaiting) onWait(lock.owner);
    await wait(50);
  }
}

function readOwner(ownerFile: string): string {
  try {
    return readFileSync(ownerFile, 'utf8') || 'unknown';
  } catch {
    return 'unknown';
  }
}

async function makeUsable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const found = await stat(folder).catch(() => undefined);
    const reason =
      found && !found.isDirectory()
        ? 'it is a file, not a folder'
        : `this user cannot create it or write to it (${error instanceof Error ? error.message : String(error)})`;
    throw new Error(
      `The data folder ${folder} cannot be used: ${reason}. Fix that, or set PORTFOLIO_DATA_DIR to another folder.`,
      { cause: error },
    );
  }
}

async function checkLayout(folder: string): Promise<void> {
  const file = join(folder, 'layout-version');
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found === undefined) {
    await writeFile(file, `${layoutVersion}\n`);
    return;
  }
  if (Number(found) === layoutVersion) return;
  throw new Error(
    `The data folder ${folder} has layout ${JSON.stringify(found.trim())}, but this version of the program supports layout ${layoutVersion}. Update the program, or set PORTFOLIO_DATA_DIR to another folder.`,
  );
}
