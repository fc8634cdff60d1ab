import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { fontFiles, fontPath } from './fonts.ts';
import type { FontName } from './fonts.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pdf-bundle-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('a bundle renders without its packages, with the fonts next to it', async () => {
  const bundle = join(folder, 'measure.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('testing/measure.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    // Bundled CommonJS packages require Node's modules.
    banner: {
      js: "import * as module from 'node:module'; const require = module.createRequire(import.meta.url);",
    },
  });
  await mkdir(join(folder, 'fonts'));
  const names = Object.keys(fontFiles).filter((name): name is FontName => name in fontFiles);
  await Promise.all(
    names.map((name) => copyFile(fontPath(name), join(folder, 'fonts', basename(fontFiles[name])))),
  );
  const { stdout } = await promisify(execFile)(process.execPath, [bundle, '3000'], { cwd: folder });
  const { pages }: Record<string, number> = JSON.parse(stdout);
  expect(pages).toBeGreaterThan(2);
}, 60_000);
