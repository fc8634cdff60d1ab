import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Recipe, buildsFolder, findBuild, installedPackages } from './builds.ts';
import { inRepository } from './repository.ts';

const run = promisify(execFile);

/** Entry files of the programs, and the folder in which Node is to keep what it compiles of them. */
export type Programs = Record<'start' | 'api' | 'migrate' | 'worker', string> & { compileCache: string };

const recipe = (log?: (line: string) => void): Recipe => ({
  folder: buildsFolder('programs'),
  inputs: [
    'package.json',
    ...['core', 'api', 'worker'].map((name) => `packages/${name}/package.json`),
    'scripts/bundle.ts',
    'dev/write-bundle.ts',
  ]
    .map(inRepository)
    .concat(installedPackages),
  async make(folder) {
    log?.('Building the programs, which is done again only when their sources change');
    const sources = await writeBundle(folder);
    await symlink(inRepository('drizzle'), join(folder, 'drizzle'));
    return sources;
  },
});

/**
 * The programs as one bundle of today's sources, for processes on this machine: they start three times as fast as from
 * the sources. Made anew only when a source has changed, which `log` is told.
 */
export async function developmentPrograms(log?: (line: string) => void): Promise<Programs> {
  const folder = await findBuild(recipe(log));
  const entry = (name: string) => join(folder, `${name}.js`);
  return {
    start: entry('start'),
    api: entry('api'),
    migrate: entry('migrate'),
    worker: entry('worker'),
    compileCache: join(folder, 'compile-cache'),
  };
}

/** Resolves to the sources. A process of its own, since the one that esbuild starts stays as long as its parent. */
async function writeBundle(folder: string): Promise<string[]> {
  const args = [inRepository('dev/write-bundle.ts'), folder];
  const { stdout } = await run(process.execPath, args, { maxBuffer: Infinity }).catch((error: unknown) => {
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(`The programs cannot be bundled.\n${reason}`, { cause: error });
  });
  const inputs: string[] = JSON.parse(stdout);
  return inputs.filter((path) => !path.includes('node_modules/')).map(inRepository);
}
