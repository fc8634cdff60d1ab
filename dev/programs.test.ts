import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { testFolder } from '../tests/support/folder.ts';
import { type BundlePlace, findBundle } from './programs.ts';

const run = promisify(execFile);

let place: BundlePlace;
beforeEach(async () => {
  const root = await testFolder();
  place = {
    root,
    entryPoints: { main: 'main.ts' },
    configuration: ['package.json'],
    bundles: join(root, 'build'),
  };
  await mkdir(join(root, 'drizzle'));
  await write('main.ts', `import { word } from './word.ts'; console.log(word);`);
  await write('word.ts', `export const word = 'one';`);
  await write('package.json', '{ "type": "module" }');
});

/** Writes a file as of a minute ago: what is written while a bundle is made counts as changed. */
async function write(name: string, text: string) {
  await writeFile(join(place.root, name), text);
  const past = Date.now() / 1000 - 60;
  await utimes(join(place.root, name), past, past);
}
const outputOf = async (folder: string) =>
  (await run(process.execPath, [join(folder, 'main.js')])).stdout.trim();

test('a bundle is used again until a source of it or its configuration changes', async () => {
  const first = await findBundle(place);
  expect(await outputOf(first)).toBe('one');
  expect(await findBundle(place)).toBe(first);

  await write('word.ts', `export const word = 'another';`);
  const second = await findBundle(place);
  expect(second).not.toBe(first);
  expect(await outputOf(second)).toBe('another');

  await write('package.json', '{ "type": "module", "private": true }');
  expect(await findBundle(place)).not.toBe(second);
});

test('who asks while another makes a bundle gets a whole one', async () => {
  const folders = await Promise.all([findBundle(place), findBundle(place)]);
  expect(await Promise.all(folders.map(outputOf))).toEqual(['one', 'one']);
});

test('a bundle that cannot be made leaves the last good one, and is tried again', async () => {
  await findBundle(place);
  await write('word.ts', 'export const word = ;');
  await expect(findBundle(place)).rejects.toThrow('Unexpected ";"');
  await write('word.ts', `export const word = 'mended';`);
  expect(await outputOf(await findBundle(place))).toBe('mended');
});

test('an old bundle stays while a process that uses it lives, and is removed later', async () => {
  const user = spawn(process.execPath, ['--eval', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(user, 'exit');
  await once(user, 'spawn');
  const first = await findBundle(place, user.pid);
  await write('word.ts', `export const word = 'second';`);
  await findBundle(place);
  expect(existsSync(first)).toBe(true);

  user.kill('SIGKILL');
  await ended;
  await write('word.ts', `export const word = 'the third';`);
  await findBundle(place);
  expect(existsSync(first)).toBe(false);
});
