import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { testFolder } from '../tests/support/folder.ts';
import { inheritedEnvironment } from './settings.ts';

const run = promisify(execFile);
const moduleUrl = new URL('print-alone.ts', import.meta.url).href;

let folder: string;
beforeAll(async () => {
  folder = await testFolder();
  const scripts = { show: `${JSON.stringify(process.execPath)} show.mjs` };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, scripts }));
  const program = `import { printAlone } from '${moduleUrl}'; printAlone('a: ' + process.argv[2] + '\\n');`;
  await writeFile(join(folder, 'show.mjs'), program);
});

/** Without what an npm around the tests says of its own package. */
const shell = (command: string) =>
  run('/bin/sh', ['-c', command], { cwd: folder, env: inheritedEnvironment() });

test.each([
  ['without a version', {}],
  ['with name and version', { name: 'shown', version: '1.2.3' }],
])('the banner of npm is not in the file that a package %s redirects its output to', async (_, fields) => {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, ...fields }));
  await shell('npm run show -- ä > out.yaml');
  expect(await readFile(join(folder, 'out.yaml'), 'utf8')).toBe('a: ä\n');
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
});

test('other content of the file is preserved', async () => {
  await shell('echo before > more.yaml; npm run --silent show -- b >> more.yaml');
  expect(await readFile(join(folder, 'more.yaml'), 'utf8')).toBe('before\na: b\n');
});

test('a pipe gets only the text with --silent, and without it a hint to use it', async () => {
  expect(await shell('npm run --silent show -- b | cat')).toEqual({ stdout: 'a: b\n', stderr: '' });
  const { stdout, stderr } = await shell('npm run show -- b | cat');
  expect(stdout).toMatch(/^\n> show\n[^]*\na: b\n$/);
  expect(stderr).toContain('npm run --silent');
});
