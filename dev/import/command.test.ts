import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../tests/support/folder.ts';
import { freePort } from '../../tests/support/stack.ts';
import { type ImportTest, addFiles, portfolioText, startImportTest } from './testing.ts';

const command = fileURLToPath(new URL('../import.ts', import.meta.url));

let it: ImportTest;
let dataDir: string;
beforeAll(async () => {
  it = await startImportTest();
  dataDir = await dataFolder(it.server.baseUrl, await it.server.issueKey('owner'));
});
afterAll(() => it.server.stop());

async function dataFolder(baseUrl: string, apiKey: string): Promise<string> {
  const folder = await testFolder();
  await writeFile(join(folder, 'credentials.json'), JSON.stringify({ baseUrl, apiKey }));
  return folder;
}

/** Runs the command as npm does; resolves to its exit code and its output. */
function run(
  args: string[],
  folder = dataDir,
  more: Record<string, string> = {},
): Promise<{ code: unknown; out: string; err: string }> {
  const env = { PATH: process.execPath, PORTFOLIO_DATA_DIR: folder, ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

const files = (slug: string) => ({
  'portfolio.md': portfolioText(slug),
  'one.md': '---\ntitle: One\n---\nA\n',
});

test('prints the changes; with --dry-run those it would make and the differences', async () => {
  const folder = await it.newFolder(files('printed'));
  expect(await run([folder])).toMatchObject({
    code: 0,
    out: 'created   portfolio printed\ncreated   case study one\nPortfolio "printed" matches the folder.\n',
  });
  await addFiles(folder, { 'one.md': '---\ntitle: Two\n---\nA\n' });
  const { code, out } = await run(['--dry-run', folder]);
  expect(code).toBe(0);
  expect(out).toContain('unchanged portfolio printed\nupdated   case study one\n');
  expect(out).toContain('title: "One" → "Two"\n');
  expect(out).toContain(
    'Nothing was changed: this was a dry run. Without --dry-run, 1 of these items would be.',
  );
});

test('exits with 1 and prints all problems of an invalid folder', async () => {
  const folder = await it.newFolder({ ...files('wrong'), 'one.md': '---\ntitel: One\n---\n' });
  const { code, err } = await run([folder]);
  expect(code).toBe(1);
  expect(err.split('\n')).toEqual([
    expect.stringMatching(/one\.md:2: title: Expected this field, but it is missing\.$/),
    expect.stringMatching(/one\.md:2: titel: There is no such field\.$/),
    'Nothing was changed.',
    '',
  ]);
});

test('resolves and prints paths relative to the folder in which the command was entered', async () => {
  const folder = await it.newFolder({ ...files('standing'), 'one.md': '---\ntitel: One\n---\n' });
  const { err } = await run(['.'], dataDir, { INIT_CWD: folder });
  expect(err).toMatch(/^one\.md:2: /);
  const { err: missing } = await run(['nowhere'], dataDir, { INIT_CWD: folder });
  expect(missing).toMatch(/^nowhere:1: This folder cannot be read\./);
});

test('names the cause when the platform is not running or rejects the key', async () => {
  const folder = await it.newFolder(files('unreachable'));
  const unreachable = await dataFolder(`http://127.0.0.1:${await freePort()}`, 'key');
  const refused = await dataFolder(it.server.baseUrl, `pk_${'0'.repeat(40)}`);
  expect(await run([folder], unreachable)).toMatchObject({
    code: 1,
    err: expect.stringContaining('The platform does not respond. Is npm start running?'),
  });
  expect(await run([folder], refused)).toMatchObject({
    code: 1,
    err: expect.stringContaining('The platform rejects the key in'),
  });
  expect(await run([folder], await testFolder())).toMatchObject({
    code: 1,
    err: expect.stringContaining('run npm start first'),
  });
});

test.each([[[]], [['a', 'b']], [['--dry', 'a']]])('prints its usage when called with %j', async (args) => {
  const { code, err } = await run(args);
  expect(code).toBe(1);
  expect(err).toContain('npm run import -- [--dry-run] <folder>');
});
