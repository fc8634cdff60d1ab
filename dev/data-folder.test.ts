import { stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { startChild } from '../tests/support/child.ts';
import { testFolder } from '../tests/support/folder.ts';
import { openDataFolder } from './data-folder.ts';

let parent: string;
let path: string;

beforeEach(async () => {
  parent = await testFolder();
  path = join(parent, 'nested', '.local');
});

const moduleUrl = new URL('data-folder.ts', import.meta.url).href;

function openInAnotherProcess() {
  return startChild(`
    import { openDataFolder } from ${JSON.stringify(moduleUrl)};
    await openDataFolder(${JSON.stringify(path)});
    console.log('opened');
  `);
}

test('the folder is created with access for its owner only, and contains all paths', async () => {
  const folder = await openDataFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(folder.path).toBe(path);
  for (const file of [folder.postgresDir, folder.awsDir, folder.credentialsFile]) {
    expect(dirname(file)).toBe(path);
  }
  folder.release();
});

test('a second instance is refused with the process that uses the folder and what to do', async () => {
  const other = await openInAnotherProcess();
  await expect(openDataFolder(path)).rejects.toThrow(
    `${path} is in use by another npm start (process ${other.pid}). Stop it, or set PORTFOLIO_DATA_DIR`,
  );
  await other.end('SIGKILL');
});

test('a second instance is refused in the same process too', async () => {
  const folder = await openDataFolder(path);
  await expect(openDataFolder(path)).rejects.toThrow(`(process ${process.pid})`);
  folder.release();
});

test('a folder can be opened again after it was released once or twice', async () => {
  const first = await openDataFolder(path);
  first.release();
  const second = await openDataFolder(path);
  first.release();
  await expect(openDataFolder(path)).rejects.toThrow('is in use');
  second.release();
});

test('a folder whose instance was killed can be opened immediately', async () => {
  const killed = await openInAnotherProcess();
  await killed.end('SIGKILL');
  const folder = await openDataFolder(path);
  expect(folder.path).toBe(path);
  folder.release();
});

test('a path that is a file is refused with that reason', async () => {
  const file = join(parent, 'file');
  await writeFile(file, '');
  await expect(openDataFolder(file)).rejects.toThrow(
    `The data folder ${file} cannot be used: it is a file, not a folder. Fix that, or set PORTFOLIO_DATA_DIR`,
  );
});

test('a path that cannot be created is refused with the reason', async () => {
  const file = join(parent, 'file');
  await writeFile(file, '');
  await expect(openDataFolder(join(file, 'below'))).rejects.toThrow(
    /cannot be used: this user cannot create it or write to it \(ENOTDIR/,
  );
});

test('a folder of a newer version is refused, and not left locked', async () => {
  const folder = await openDataFolder(path);
  folder.release();
  const versionFile = join(path, 'layout-version');
  await writeFile(versionFile, '2\n');
  await expect(openDataFolder(path)).rejects.toThrow(
    `The data folder ${path} has layout "2", but this version of the program supports layout 1. Update the program`,
  );
  await writeFile(versionFile, '1\n');
  const again = await openDataFolder(path);
  again.release();
});

test('the error for an unusable lock file names it', async () => {
  const folder = await openDataFolder(path);
  folder.release();
  await writeFile(join(path, 'lock'), 'not a database, and longer than nothing');
  await expect(openDataFolder(path)).rejects.toThrow(
    `The lock file ${join(path, 'lock')} cannot be used (Error: file is not a database)`,
  );
});
