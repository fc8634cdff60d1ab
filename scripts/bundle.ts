import { type BuildOptions, build } from 'esbuild';
import { cp, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildWeb } from '../dev/web.ts';
import { fontFiles, fontPath } from '../packages/worker/src/pdf/fonts.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
/** Bundled CommonJS packages still call `require` for Node's own modules. */
const banner = `import { createRequire as requireFor } from 'node:module'; globalThis.require = requireFor(import.meta.url);`;

/** The programs of each bundle, by the names of their files. */
const programs: Record<'api' | 'worker', Record<string, string>> = {
  api: {
    main: 'src/main.ts',
    migrate: 'src/migrate.ts',
    'operator-key': 'src/operator-key.ts',
    'verify-audit': 'src/verify-audit.ts',
  },
  worker: { main: 'src/main.ts', 'pdf-thread': 'src/pdf/thread.ts' },
};

/** The options of all bundles. `entryPoints` maps the names of output files to sources. */
export const bundleOptions = (entryPoints: Record<string, string>, outdir: string): BuildOptions => ({
  absWorkingDir: repository,
  entryPoints: Object.entries(entryPoints).map(([out, path]) => ({ in: join(repository, path), out })),
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: 'linked',
  // Node reads a whole map for the first stack trace, but uses only lines and columns.
  sourcesContent: false,
  keepNames: true,
  banner: { js: banner },
  logLevel: 'warning',
});

async function copyFonts(outDir: string): Promise<void> {
  const fonts = Object.keys(fontFiles) as (keyof typeof fontFiles)[];
  await Promise.all(fonts.map(fontPath).map((path) => cp(path, join(outDir, 'fonts', basename(path)))));
}

/** Copies what applying migrations needs: drizzle-kit's snapshots are for creating new ones. */
async function copyMigrations(outDir: string): Promise<void> {
  await cp(join(repository, 'drizzle'), join(outDir, 'drizzle'), {
    recursive: true,
    filter: (path) => !path.endsWith('_snapshot.json'),
  });
}

/**
 * Bundles a container's programs into a folder with everything they need except Node: `main.js`, source maps, migrations and
 * files.
 */
export async function bundle(name: 'api' | 'worker', outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  const sources = Object.entries(programs[name]).map(([out, path]) => [out, join('packages', name, path)]);
  await build({ ...bundleOptions(Object.fromEntries(sources), outDir), minify: true });
  await copyMigrations(outDir);
  if (name === 'worker') await copyFonts(outDir);
}

if (import.meta.main) {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length === 0 || positionals.includes('web'))
    await buildWeb(join(repository, 'build', 'web'));
  for (const name of ['api', 'worker'] as const) {
    if (positionals.length === 0 || positionals.includes(name))
      await bundle(name, join(repository, 'build', name));
  }
}
