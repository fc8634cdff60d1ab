import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { testFolder } from './support/folder.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));

test('a bundle of the typed client contains tRPC and the client, and no code of the server', async () => {
  const { metafile } = await build({
    entryPoints: [join(repository, 'packages/api/src/client.ts')],
    absWorkingDir: repository,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    metafile: true,
  });
  const allowed = /^(packages\/api\/src\/client(\.ts$|\/)|node_modules\/@trpc\/(client|server)\/dist\/)/;
  expect(Object.keys(metafile.inputs).filter((path) => !allowed.test(path))).toEqual([]);
});

const program = `
import { type Outputs, createClient, result } from '@portfolio/api/client';

const api = createClient({ baseUrl: 'https://portfolio.example' });
const { data, error } = await result(api.caseStudy.read.query({ portfolio: 'a', slug: 'b' }));
if (error === null) console.log(data.title.length);
else if (error.code === 'invalid_input') console.log(error.errors.length);
else if (error.code === 'timeout') console.log(error.detail);
else if (error.code === 'not_found') console.log(error.status);
export const state: Outputs['job']['read']['state'] = 'queued';
`;

const mistakes = `
export const unknown: Outputs['job']['read']['state'] = 'lost';
await api.caseStudy.read.query({ portfolio: 1, slug: 'b' });
await api.caseStudy.destroy.query({});
if (error?.code === 'conflicts') console.log(data);
`;

/** Checks a program in a separate project with the documented options, and resolves to the errors of tsc. */
async function checkProgram(source: string): Promise<string[]> {
  const folder = await testFolder();
  const linked = join(folder, 'node_modules/@portfolio/api');
  await mkdir(dirname(linked), { recursive: true });
  await symlink(join(repository, 'packages/api'), linked);
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    allowImportingTsExtensions: true,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  await writeFile(join(folder, 'main.ts'), source);
  const tsc = join(repository, 'node_modules/.bin/tsc');
  const checked = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
    (error: { stdout: string }) => error,
  );
  return [...checked.stdout.matchAll(/^\S+ (error TS\d+): /gm)].map(([line]) =>
    line.replace(/^.*main\.ts/, ''),
  );
}

test('a project outside of this repository has the types of the client, and its mistakes do not compile', async () => {
  expect(await checkProgram(program + mistakes)).toEqual([
    '(12,14): error TS2322: ',
    '(13,34): error TS2322: ',
    '(14,21): error TS2339: ',
    '(15,5): error TS2367: ',
  ]);
});
