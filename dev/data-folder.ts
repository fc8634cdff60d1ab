import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { access, constants, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

/** The layout of the data folder that this program reads and writes; raise it when a folder moves. */
const layoutVersion = 1;

const isBusy = 5; // SQLITE_BUSY

/** Locks held by this process: a lock object that is collected as garbage would be let go. */
const heldLocks = new Set<DatabaseSync>();

export interface DataFolder {
  /** Absolute path of the folder. */
  path: string;
  /** Where `startPostgres` keeps its data; not created here. */
  postgresDir: string;
  /** Where `startAws` keeps its data; not created here. */
  awsDir: string;
  /** Where the address and the API key of the local owner are written. */
  credentialsFile: string;
  /** Gives the folder free for the next instance. A second call does nothing. */
  release: () => void;
}

/**
 * Opens the folder in which everything local is kept, for this process alone.
 *
 * Creates it (mode 0700) when it is missing. The lock dies with the process, however that ends.
 *
 * @param path Absolute, or relative to the working directory.
 * @throws Error with a message for people: the path is a file, is not readable and writable, is in
 *   use by another instance, or has the layout of a newer version.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  await makeUsable(folder);
  const lock = takeLock(join(folder, 'lock'));
  if (!lock.taken) {
    throw new Error(
      `${folder} is in use by another npm start (process ${lock.heldBy}). Stop that one, or set PORTFOLIO_DATA_DIR to another folder.`,
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

type Lock = { taken: true; release: () => void } | { taken: false; heldBy: string };

/**
 * Takes an exclusive lock on a file, without waiting. The kernel lets it go when the process ends, also
 * by `kill -9`, so there is no stale lock to recognise: it is SQLite's own lock on an empty database.
 *
 * @param file Created when missing, and never removed: a removed lock file could be locked twice.
 * @returns The lock, or the id of the process that holds it ("unknown" in the instant before that
 *   process has written it down).
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
      return { taken: false, heldBy: readOwner(ownerFile) };
    }
    throw new Error(
      `The lock file ${file} cannot be used (${String(error)}). This user has to be able to write it; a damaged one can be removed.`,
      { cause: error },
    );
  }
  heldLocks.add(database);
  writeFileSync(ownerFile, String(process.pid));
  return {
    taken: true,
    release() {
      if (!heldLocks.delete(database)) return;
      rmSync(ownerFile, { force: true });
      database.close();
    },
  };
}

/**
 * As `takeLock`, but waits for a lock that another process holds. `onWait` is told once whom it waits for.
 *
 * @returns What gives the lock back.
 */
export async function waitForLock(
  file: string,
  onWait: (heldBy: string) => void = () => {},
): Promise<() => void> {
  for (let isWaiting = false; ; isWaiting = true) {
    const lock = takeLock(file);
    if (lock.taken) return lock.release;
    if (!isWaiting) onWait(lock.heldBy);
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
      `The data folder ${folder} cannot be used: ${reason}. Correct that, or set PORTFOLIO_DATA_DIR to another folder.`,
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
    `The data folder ${folder} has layout ${JSON.stringify(found.trim())}, and this version of the program knows layout ${layoutVersion}. Update the program, or set PORTFOLIO_DATA_DIR to another folder.`,
  );
}
