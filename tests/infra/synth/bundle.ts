import { type Plugin, build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { platformFolder, readProviders, sstFolder } from './platform.ts';

const entry = fileURLToPath(new URL('program.ts', import.meta.url));
const external = ['@pulumi/*', '@aws-sdk/*', '@sst-provider/*', '@pulumiverse/*'];

/**
 * Bundles sst.config.ts and its stacks with the program that evaluates them, in the way of SST (`pkg/js/js.go` in its
 * sources): providers and SST's components are globals in every file.
 */
export async function bundleProgram(outFile: string): Promise<void> {
  const providers = await readProviders();
  const globals = [
    ...providers.map(({ alias, package: library }) => `import * as ${alias} from "${library}";`),
    `import * as sst from "${platformFolder}/src/components";`,
  ].join('');
  const withGlobals: Plugin = {
    name: 'globals',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.(js|ts)$/ }, async ({ path }) =>
        path.startsWith(sstFolder) || path.includes('/node_modules/')
          ? undefined
          : { contents: globals + (await readFile(path, 'utf8')), loader: 'ts' },
      ),
  };
  await build({
    entryPoints: [entry],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    sourcemap: 'linked',
    logLevel: 'error',
    mainFields: ['module', 'main'],
    nodePaths: [join(platformFolder, 'node_modules')],
    external: [...external, 'undici', 'esbuild', 'archiver', 'glob', 'vite'],
    // SST inserts constants here. With a global variable, one bundle serves every stage.
    define: { $app: 'globalThis.synth.app', $cli: 'globalThis.synth.cli', $dev: 'globalThis.synth.dev' },
    inject: [join(platformFolder, 'src/shim/run.js')],
    banner: {
      js: [
        `import { createRequire as requireFor } from 'node:module';`,
        `import { fileURLToPath as pathOf } from 'node:url';`,
        `const require = requireFor(import.meta.url), __filename = pathOf(import.meta.url), __dirname = pathOf(new URL('.', import.meta.url));`,
        `globalThis.synth = JSON.parse(process.argv[2]);`,
      ].join('\n'),
    },
    plugins: [withGlobals],
  });
}
