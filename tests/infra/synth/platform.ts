import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wholeEnvironment } from '../../../dev/settings.ts';

export const repository = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
export const sstFolder = join(repository, '.sst');
export const platformFolder = join(sstFolder, 'platform');

export type Provider = { name: string; package: string; version: string; alias: string };

/** The providers that sst.config.ts names and that are installed, with the names under which stacks know them. */
export async function readProviders(): Promise<Provider[]> {
  return JSON.parse(await readFile(join(sstFolder, 'provider-lock.json'), 'utf8')) as Provider[];
}

/**
 * Installs SST's components and the providers' libraries into `.sst`, where they are not there in the versions that
 * package.json and sst.config.ts ask for. They come from npm alone: no Pulumi, no account, nothing in the home folder.
 */
export async function installPlatform(): Promise<void> {
  if (await isInstalled()) return;
  console.info("Installing SST's components and providers into .sst, about a minute …");
  const home = join(sstFolder, 'home');
  await mkdir(home, { recursive: true });
  await promisify(execFile)(join(repository, 'node_modules/.bin/sst'), ['install'], {
    cwd: repository,
    env: {
      ...wholeEnvironment(),
      SST_SKIP_DEPENDENCY_CHECK: '1',
      SST_NO_BUN: '1',
      SST_TELEMETRY_DISABLED: '1',
      SST_STAGE: 'test',
      XDG_CONFIG_HOME: home,
    },
  });
}

/** A file of the repository; what is not there is empty. */
const read = (path: string) => readFile(join(repository, path), 'utf8').catch(() => '');

async function isInstalled(): Promise<boolean> {
  const manifest = JSON.parse(await read('node_modules/sst/package.json')) as { version: string };
  if ((await read('.sst/platform/version')) !== manifest.version) return false;
  if (!existsSync(join(platformFolder, 'config.d.ts'))) return false;
  const asked = providersOf(await read('sst.config.ts'));
  const locked = await readProviders().catch((): Provider[] => []);
  const isThere = ({ name, version, package: library }: Provider) =>
    asked[name] === version && existsSync(join(platformFolder, 'node_modules', library));
  return Object.keys(asked).length === locked.length && locked.every(isThere);
}

/** Read as text: to run it would need what it says is to be installed. */
function providersOf(config: string): Record<string, string> {
  const [, block = ''] = /providers: \{([^}]+)\}/.exec(config) ?? [];
  const entries = [...block.matchAll(/'?([\w-]+)'?: '([^']+)'/g)];
  return Object.fromEntries(entries.map(([, name = '', version = '']) => [name, version]));
}
