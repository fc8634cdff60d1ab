import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { credentialsFile, inheritedEnvironment } from '../../dev/settings.ts';
import { testFolder } from '../support/folder.ts';
import { startPlatform } from '../support/stack.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const page = readFileSync(join(docs, 'client.md'), 'utf8');

/** The expected output of each example. */
const outputs: Record<string, RegExp> = {
  'connect.ts': /^$/,
  'list-case-studies.ts': /^(\S+: .+\n){3}$/,
  'change-case-study.ts': /^Version \d+ has the tags .*reviewed\.\nVersion conflict: .+\n$/,
  'errors.ts': /^\/slug: .+\n$/,
  'timeouts.ts': /^second-team\nSecond team\n$/,
  'tokens.ts': /'portfolio-engineering'/,
  'export-pdf.ts': /\nsucceeded 1 \noutbox-and-leases\.pdf: \d+ pages\n$/,
};

let folder: string;
let platform: Awaited<ReturnType<typeof startPlatform>>;
beforeAll(async () => {
  folder = await testFolder();
  platform = await startPlatform(folder);
});
afterAll(() => platform.stop());

async function runExample(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(docs, 'examples', name), credentialsFile(folder)],
    { cwd: folder, env: { ...inheritedEnvironment(), PORTFOLIO_DATA_DIR: folder } },
  );
  return stdout;
}

test('the TypeScript blocks of the page are exactly the examples, unchanged', () => {
  const shown = [...page.matchAll(/\]\(examples\/([\w-]+\.ts)\)\n\n```ts\n(.*?)```/gs)];
  expect(page.match(/^```ts/gm)).toHaveLength(shown.length);
  for (const [, name, code] of shown) expect(code).toBe(readFileSync(join(docs, 'examples', name!), 'utf8'));
  // The webhook receiver is in webhooks.md, and run by the worker's tests.
  const names = readdirSync(join(docs, 'examples'))
    .filter((name) => name !== 'verify-webhook.ts')
    .toSorted();
  expect(shown.map(([, name]) => name!).toSorted()).toEqual(names);
  expect(Object.keys(outputs).toSorted()).toEqual(names);
});

test.each(Object.entries(outputs))('%s runs, and prints the expected output', async (name, output) => {
  expect(await runExample(name)).toMatch(output);
});

test('timeouts.ts can be run again: its idempotency key prevents duplicates', async () => {
  expect(await runExample('timeouts.ts')).toMatch(outputs['timeouts.ts']!);
});

test('export-pdf.ts writes a PDF', async () => {
  await runExample('export-pdf.ts');
  expect((await readFile(join(folder, 'outbox-and-leases.pdf'), 'latin1')).slice(0, 5)).toBe('%PDF-');
});
