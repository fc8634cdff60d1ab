import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../packages/web-status', import.meta.url));
const repository = fileURLToPath(new URL('..', import.meta.url));
/** What the page is made of. */
const sources = ['packages/web-status/src', 'packages/api/src/client.ts'];
const configuration = [
  'packages/web-status/index.html',
  'packages/web-status/vite.config.ts',
  'package-lock.json',
];

/** Builds web-status into a folder, unless the folder holds the build of these very sources. */
export async function buildWeb(outDir: string): Promise<void> {
  const stampFile = join(outDir, '.sources');
  const stamp = await hashSources();
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return;
  const { build } = await import('vite');
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  });
  await writeFile(stampFile, stamp);
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of [...sources, ...configuration]) {
    for (const path of await filesBelow(join(repository, source)))
      hash.update(path).update(await readFile(path));
  }
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null);
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
