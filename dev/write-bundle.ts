// Run by programs.ts in a process of its own, since esbuild's stays as long as the one that asked for it. Prints the sources.
import { build } from 'esbuild';
import { bundleOptions } from '../scripts/bundle.ts';

const [root, folder, entryPoints] = process.argv.slice(2) as [string, string, string];
try {
  const { metafile } = await build({
    ...bundleOptions(JSON.parse(entryPoints), folder, root),
    metafile: true,
  });
  process.stdout.write(JSON.stringify(Object.keys(metafile.inputs)));
} catch {
  // What is wrong has been printed.
  process.exitCode = 1;
}
