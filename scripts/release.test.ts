import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { release } from './release.ts';
import { readHistory } from './releases.ts';
import { createRepository } from './testing.ts';

const changelog = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- All of it.\n';
const operation = { operationId: 'a', security: [], responses: {} };
const files = {
  'package.json': { name: 'root', private: true },
  'package-lock.json': {
    name: 'root',
    lockfileVersion: 3,
    packages: { '': { name: 'root', license: 'MIT' } },
  },
  'CHANGELOG.md': changelog,
  'packages/api/openapi.json': {
    info: { title: '', version: '1.0.0' },
    paths: { '/a': { get: operation } },
    components: { schemas: {} },
  },
  'drizzle/meta/_journal.json': { entries: [] },
};

let repository: Awaited<ReturnType<typeof createRepository>>;
beforeEach(async () => {
  repository = await createRepository();
  await repository.commit(files);
});
afterEach(() => repository[Symbol.asyncDispose]());

const make = (version: string) => release(repository.folder, version, '2027-01-31');
const read = (path: string) => readFile(join(repository.folder, path), 'utf8');

test('a release sets the version in package.json and the lockfile, moves its changes, and makes a commit and a tag', async () => {
  await make('0.1.0');
  expect(JSON.parse(await read('package.json'))).toEqual({ name: 'root', version: '0.1.0', private: true });
  expect(JSON.parse(await read('package-lock.json'))).toEqual({
    name: 'root',
    version: '0.1.0',
    lockfileVersion: 3,
    packages: { '': { name: 'root', version: '0.1.0', license: 'MIT' } },
  });
  expect(await read('CHANGELOG.md')).toBe(
    '# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2027-01-31\n\n### Added\n\n- All of it.\n',
  );
  expect(repository.git('status', '--porcelain')).toBe('');
  expect(repository.git('log', '-1', '--format=%s')).toBe('Release 0.1.0');
  expect(repository.git('rev-parse', 'v0.1.0^{commit}')).toBe(repository.git('rev-parse', 'HEAD'));
  expect(readHistory(repository.folder).releases.map(({ version }) => version)).toEqual(['0.1.0']);
});

test.each(['v0.1.0', '0.1', '0.1.0-rc.1', '01.0.0', 'next'])(
  '%s is refused as a version',
  async (version) => {
    await expect(make(version)).rejects.toThrow('is not a version: expected one such as 0.2.0');
  },
);

test.each(['0.1.0', '0.0.9'])('%s is refused after 0.1.0', async (version) => {
  await make('0.1.0');
  repository.git('tag', '--delete', 'v0.1.0');
  await repository.commit({ 'CHANGELOG.md': changelog });
  await expect(make(version)).rejects.toThrow(`${version} is not higher than 0.1.0`);
});

test('a release is refused while there are uncommitted changes', async () => {
  await repository.write({ 'new.txt': 'x' });
  await expect(make('0.1.0')).rejects.toThrow('uncommitted changes');
});

test('a release is refused without changes in the changelog', async () => {
  await make('0.1.0');
  await expect(make('0.1.1')).rejects.toThrow('CHANGELOG.md has no changes under "## [Unreleased]"');
});

test('a release that breaks clients is refused without a new minor version and an announcement', async () => {
  await make('0.1.0');
  await repository.commit({
    'CHANGELOG.md': changelog,
    'packages/api/openapi.json': { ...files['packages/api/openapi.json'], paths: {} },
  });
  const head = repository.git('rev-parse', 'HEAD');
  await expect(make('0.1.1')).rejects.toThrow('GET /a was removed');
  await expect(make('0.2.0')).rejects.toThrow('"### Breaking" in "## [0.2.0]"');
  expect(repository.git('status', '--porcelain')).toBe('');
  expect(repository.git('rev-parse', 'HEAD')).toBe(head);
  await repository.commit({ 'CHANGELOG.md': changelog.replace('Added', 'Breaking') });
  await expect(make('0.1.1')).rejects.toThrow('0.2.0 or higher, not 0.1.1');
  await make('0.2.0');
  expect(readHistory(repository.folder).releases.map(({ version }) => version)).toEqual(['0.1.0', '0.2.0']);
});

test('a release that git refuses changes nothing', async () => {
  await repository.write({ '.git/hooks/pre-commit': '#!/bin/sh\nexit 1\n' });
  await chmod(join(repository.folder, '.git/hooks/pre-commit'), 0o755);
  await expect(make('0.1.0')).rejects.toThrow('git commit');
  expect(repository.git('status', '--porcelain')).toBe('');
});
