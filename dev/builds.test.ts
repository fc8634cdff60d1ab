import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { testFolder } from '../tests/support/folder.ts';
import { type Recipe, findBuild } from './builds.ts';

let root: string;
let recipe: Recipe;
beforeEach(async () => {
  root = await testFolder();
  recipe = {
    folder: join(root, 'builds'),
    inputs: [join(root, 'configuration')],
    async make(folder) {
      await copyFile(join(root, 'source'), join(folder, 'made'));
      return [join(root, 'source')];
    },
  };
  await write('source', 'first');
  await write('configuration', '');
});

/** Writes a file, dated a minute ago: a file written during a build counts as changed. */
async function write(name: string, text: string) {
  await writeFile(join(root, name), text);
  const past = Date.now() / 1000 - 60;
  await utimes(join(root, name), past, past);
}

const madeIn = (folder: string) => readFile(join(folder, 'made'), 'utf8');

test('a build is reused until one of its sources or its configuration changes', async () => {
  const first = await findBuild(recipe);
  expect(await madeIn(first)).toBe('first');
  expect(await findBuild(recipe)).toBe(first);

  await write('source', 'the second');
  const second = await findBuild(recipe);
  expect(second).not.toBe(first);
  expect(await madeIn(second)).toBe('the second');

  await write('configuration', 'another');
  const third = await findBuild(recipe);
  expect(third).not.toBe(second);

  await write('grants', 'new');
  const larger = { ...recipe, inputs: [...recipe.inputs, join(root, 'grants')] };
  expect(await findBuild(larger)).not.toBe(third);
});

test('a source that changes during the build causes another build', async () => {
  const first = await findBuild({
    ...recipe,
    async make(folder) {
      const sources = await recipe.make(folder);
      await writeFile(join(root, 'source'), 'later');
      return sources;
    },
  });
  expect(await madeIn(first)).toBe('first');
  expect(await madeIn(await findBuild(recipe))).toBe('later');
});

test('concurrent callers get a complete build', async () => {
  const folders = await Promise.all([findBuild(recipe), findBuild(recipe)]);
  expect(await Promise.all(folders.map(madeIn))).toEqual(['first', 'first']);
});

test('a failed build is repeated the next time', async () => {
  const failing = { ...recipe, make: () => Promise.reject(new Error('No.')) };
  await expect(findBuild(failing)).rejects.toThrow('No.');
  expect(await madeIn(await findBuild(recipe))).toBe('first');
});

test('an old build exists as long as a process uses it, and is removed later', async () => {
  const user = spawn(process.execPath, ['--eval', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(user, 'exit');
  await once(user, 'spawn');
  const first = await findBuild(recipe, user.pid);
  await write('source', 'the second');
  await findBuild(recipe);
  expect(existsSync(first)).toBe(true);

  user.kill('SIGKILL');
  await ended;
  await write('source', 'and the third');
  await findBuild(recipe);
  expect(existsSync(first)).toBe(false);
});
