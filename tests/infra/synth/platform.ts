import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { waitForLock } from '../../../dev/data-folder.ts';
import { wholeEnvironment } from '../../../dev/settings.ts';

export const repository = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
export const sstFolder = join(repository, '.sst');
export const platformFolder = join(sstFolder, 'platform');

export type Provider = { name: string; package: string; version: string; alias: string };

/** The installed providers of sst.config.ts, with the names of their globals in stacks. */
export function readProviders(folder = sstFolder): Promise<Provider[]> {
  return readJson(join(folder, 'provider-lock.json'));
}

/**
 * Installs SST's components and the providers' libraries into `.sst`, unless they are complete and in the versions of
 * package.json and sst.config.ts. Needs npm's registry only; installs no Pulumi and nothing in the home folder.
 */
export async function installPlatform(): Promise<void> {
  if (await isPlatformComplete(sstFolder, await wantedPlatform())) return;
  await mkdir(sstFolder, { recursive: true });
  const release = await waitForLock(join(sstFolder, 'install-lock'), (owner) =>
    console.error(`Process ${owner} is installing SST's components; waiting for it …`),
  );
  try {
    // Another process may have completed the installation while this one waited for the lock.
    if (await isPlatformComplete(sstFolder, await wantedPlatform())) return;
    await install();
  } finally {
    release();
  }
}

async function install(): Promise<void> {
  console.error("Installing SST's components and providers into .sst (about 350 MB), about a minute …");
  // SST does not notice an interrupted installation.
  await rm(platformFolder, { recursive: true, force: true });
  await rm(join(sstFolder, 'provider-lock.json'), { force: true });
  const home = join(sstFolder, 'home');
  await mkdir(home, { recursive: true });
  const sst = join(repository, 'node_modules/.bin/sst');
  const env = platformEnvironment(wholeEnvironment(), home);
  const { output } = await promisify(execFile)(sst, ['install'], { cwd: repository, env }).then(
    ({ stdout, stderr }) => ({ output: stdout + stderr }),
    (error: Error & { stdout?: string; stderr?: string }) => ({
      output: `${error.stdout ?? ''}${error.stderr ?? ''}` || error.message,
    }),
  );
  if (await isPlatformComplete(sstFolder, await wantedPlatform())) return;
  throw new Error(
    `SST's components could not be installed into ${sstFolder}:\n${output.trim()}\n` +
      'They are installed from npm: check the network and `npm config get registry`, then run the command again.',
  );
}

/**
 * The environment of `sst install`: that of the caller, which may configure npm's registry, without the settings that make
 * npm skip packages or their scripts.
 */
export function platformEnvironment(
  { NODE_ENV: _, ...env }: Record<string, string | undefined>,
  home: string,
): Record<string, string | undefined> {
  return {
    ...env,
    npm_config_include: 'dev',
    npm_config_omit: '',
    npm_config_ignore_scripts: 'false',
    npm_config_global: 'false',
    npm_config_package_lock_only: 'false',
    npm_config_dry_run: 'false',
    SST_SKIP_DEPENDENCY_CHECK: '1',
    SST_NO_BUN: '1',
    SST_TELEMETRY_DISABLED: '1',
    SST_STAGE: 'test',
    XDG_CONFIG_HOME: home,
  };
}

type Wanted = { version: string; providers: Record<string, string> };

async function wantedPlatform(): Promise<Wanted> {
  const { version } = await readJson<{ version: string }>(join(repository, 'node_modules/sst/package.json'));
  return { version, providers: providersOf(await readFile(join(repository, 'sst.config.ts'), 'utf8')) };
}

type Packages = { packages: Record<string, unknown> };
type Manifest = { dependencies?: object; devDependencies?: object };

/** Whether a folder `.sst` has the wanted versions and all packages of its manifest and of npm's lock file. */
export async function isPlatformComplete(folder: string, wanted: Wanted): Promise<boolean> {
  const platform = join(folder, 'platform');
  try {
    const [version, providers, manifest, { packages }] = await Promise.all([
      readFile(join(platform, 'version'), 'utf8'),
      readProviders(folder),
      readJson<Manifest>(join(platform, 'package.json')),
      readJson<Packages>(join(platform, 'node_modules/.package-lock.json')),
    ]);
    const needed = [
      ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
      ...providers.map((provider) => provider.package),
    ].map((name) => `node_modules/${name}`);
    return (
      version === wanted.version &&
      isDeepStrictEqual(
        Object.fromEntries(providers.map(({ name, version: installed }) => [name, installed])),
        wanted.providers,
      ) &&
      [...needed, ...Object.keys(packages), 'config.d.ts'].every((path) => existsSync(join(platform, path)))
    );
  } catch {
    // A file is missing or incomplete.
    return false;
  }
}

const readJson = async <T>(file: string) => JSON.parse(await readFile(file, 'utf8')) as T;

/** Parses the text, since running sst.config.ts needs the providers. */
function providersOf(config: string): Record<string, string> {
  const [, block = ''] = /providers: \{([^}]+)\}/.exec(config) ?? [];
  const entries = [...block.matchAll(/'?([\w-]+)'?: '([^']+)'/g)];
  return Object.fromEntries(entries.map(([, name = '', version = '']) => [name, version]));
}
