// Run by programs.ts: bundles the programs into a folder, and prints the paths of their sources.
import { build } from 'esbuild';
import { bundleOptions } from '../scripts/bundle.ts';

const entryPoints = {
  start: 'dev/run-platform.ts',
  api: 'packages/api/src/main.ts',
  migrate: 'packages/api/src/migrate.ts',
  worker: 'packages/worker/src/main.ts',
  'pdf-thread': 'packages/worker/src/pdf/thread.ts',
};

try {
  const { metafile } = await build({
    ...bundleOptions(entryPoints, process.argv[2]!),
    // Loaded only to build the page.
    external: ['vite'],
    metafile: true,
  });
  process.stdout.write(JSON.stringify(Object.keys(metafile.inputs)));
} catch {
  // esbuild has printed the errors.
  process.exitCode = 1;
}
