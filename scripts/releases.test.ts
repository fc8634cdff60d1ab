import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHistory } from './releases.ts';
import { createRepository } from './testing.ts';

let repository: Awaited<ReturnType<typeof createRepository>>;
beforeEach(async () => {
  repository = await createRepository();
});
afterEach(() => repository[Symbol.asyncDispose]());

const packageOf = (version: string) => ({ 'package.json': { name: 'root', version } });

const versions = () => readHistory(repository.folder).releases.map(({ version }) => version);

test('the history has a release for each commit that changed the version of the root package', async () => {
  await repository.commit({ 'package.json': { name: 'root' } });
  await repository.commit(packageOf('0.1.0'));
  await repository.commit({ 'packages/a/package.json': { version: '7.0.0' } });
  await repository.commit({
    'package.json': { name: 'root', version: '0.1.0', nested: { version: '9.0.0' } },
  });
  await repository.commit(packageOf('0.2.0'));
  await repository.write(packageOf('0.3.0'));
  expect(versions()).toEqual(['0.1.0', '0.2.0']);
  expect(readHistory(repository.folder).tree.version).toBe('0.3.0');
});

test('the history has no releases before there is a version', async () => {
  await repository.commit({ 'package.json': { name: 'root' } });
  expect(versions()).toEqual([]);
});

test('the history has each release of a merged branch once', async () => {
  await repository.commit(packageOf('0.1.0'));
  repository.git('checkout', '--quiet', '-b', 'work');
  await repository.commit({ 'other.txt': 'work' });
  repository.git('checkout', '--quiet', 'main');
  await repository.commit(packageOf('0.2.0'));
  repository.git('checkout', '--quiet', 'work');
  repository.git('merge', '--quiet', '--no-edit', 'main');
  await repository.commit({ 'other.txt': 'more' });
  expect(versions()).toEqual(['0.1.0', '0.2.0']);
});

test('files are read as of each release, even if they changed later', async () => {
  await repository.commit({ ...packageOf('0.1.0'), 'a.txt': 'before' });
  await repository.commit({ 'a.txt': 'after' });
  const { releases, tree } = readHistory(repository.folder);
  expect(releases[0]!.read('a.txt')).toBe('before');
  expect(releases[0]!.read('b.txt')).toBeUndefined();
  expect(tree.read('a.txt')).toBe('after');
  expect(tree.read('b.txt')).toBeUndefined();
});

test('a shallow clone is refused with what to do', async () => {
  await repository.commit(packageOf('0.1.0'));
  await repository.commit(packageOf('0.2.0'));
  const clone = join(repository.folder, 'shallow');
  repository.git('clone', '--quiet', '--depth=1', `file://${repository.folder}`, clone);
  expect(() => readHistory(clone)).toThrow('fetch-depth: 0');
});

test('a folder without a repository is refused', async () => {
  await rm(join(repository.folder, '.git'), { recursive: true });
  expect(() => readHistory(repository.folder)).toThrow('Clone the repository.');
});
