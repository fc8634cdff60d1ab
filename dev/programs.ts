import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Recipe, buildsFolder, findBuild, installedPackages } from './builds.ts';
import { inRepository } from './repository.ts';

const run = promisify(execFile);

/** Entry files of the programs, and the folder for Node's compile cache of them. */
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
    log?.('Building the programs (repeated only when their sources change)');
    const sources = await writeBundle(folder);
    await symlink(inRepository('drizzle'), join(folder, 'drizzle'));
    return sources;
  },
});

/**
 * The programs as a bundle of the current sources, for local processes: they start three times as fast as from sources.
 * Built again only when a source has changed, which is logged to `log`.
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

/** Resolves to the sources. Runs in its own process, since esbuild's child process lives as long as its parent. */
async function writeBundle(folder: string): Promise<string[]> {
  const args = [inRepository('dev/write-bundle.ts'), folder];
  const { stdout } = await run(process.execPath, args, { maxBuffer: Infinity }).catch((error: unknown) => {
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(`The programs could not be bundled.\n${reason}`, { cause: error });
  });
  const inputs: string[] = JSON.parse(stdout);
  return inputs.filter((path) => !path.includes('node_modules/')).map(inRepository);
}
