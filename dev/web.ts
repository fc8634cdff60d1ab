import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { type Recipe, buildsFolder, findBuild, installedPackages } from './builds.ts';
import { inRepository } from './repository.ts';

const root = inRepository('packages/web-status');
const configuration = ['index.html', 'vite.config.ts', 'package.json'].map((name) => join(root, name));

const recipe: Recipe = {
  folder: buildsFolder('web'),
  inputs: [
    ...configuration,
    ...globSync('src/**', { cwd: root }).map((path) => join(root, path)),
    installedPackages,
  ],
  async make(folder) {
    const { build } = await import('vite');
    const made = await build({
      root,
      configFile: join(root, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: join(folder, 'page'), emptyOutDir: true },
    });
    const outputs = [made].flat().flatMap((part) => ('output' in part ? part.output : []));
    const modules = outputs.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    return modules.filter((path) => path.startsWith(inRepository('packages')) && !path.includes('?'));
  },
};

/** The folder with web-status, built from the current sources. */
export const builtWeb = async () => join(await findBuild(recipe), 'page');

/** Copies web-status, built from the current sources, into a folder, unless it already contains this build. */
export async function buildWeb(outDir: string): Promise<void> {
  const page = await builtWeb();
  const stampFile = join(outDir, '.build');
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === page) return;
  await rm(outDir, { recursive: true, force: true });
  await cp(page, outDir, { recursive: true });
  await writeFile(stampFile, page);
}
