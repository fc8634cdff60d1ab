import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { buildsFolder, findBuild, installedPackages } from '../../dev/builds.ts';
import type { createCloudResources } from '../../dev/cloud.ts';
import type { ensureOwnerKey } from '../../dev/owner.ts';
import type { Programs } from '../../dev/programs.ts';
import { inRepository } from '../../dev/repository.ts';
import { inheritedEnvironment } from '../../dev/settings.ts';
import { readHistory } from '../../scripts/releases.ts';

const run = promisify(execFile);

/** A release as it was published: its programs, its migrations and the cloud resources that it needs. */
export type Release = {
  version: string;
  programs: Programs;
  /** Migrates an empty database, and creates the users of the programs. `url` is that of a superuser. */
  migrate(url: string): Promise<void>;
  createCloudResources(endpoint: string): Promise<Record<string, string>>;
  /** Makes a key in its own schema. */
  ensureOwnerKey: typeof ensureOwnerKey;
};

/** The newest release, built from git with the installed packages; built again only when these or the release change. */
export async function previousRelease(): Promise<Release> {
  const { version, commit } = readHistory(inRepository('.')).releases.at(-1) ?? {};
  if (!version || !commit) throw new Error('There is no release yet.');
  const folder = await findBuild({
    folder: buildsFolder(join('releases', commit)),
    inputs: [installedPackages, import.meta.filename],
    make: (empty) => build(commit, empty),
  });
  const entry = (name: string) => join(folder, 'programs', `${name}.js`);
  const source = (path: string): Promise<unknown> =>
    import(pathToFileURL(join(folder, 'sources', path)).href);
  const cloud = (await source('dev/cloud.ts')) as { createCloudResources: typeof createCloudResources };
  const owner = (await source('dev/owner.ts')) as { ensureOwnerKey: typeof ensureOwnerKey };
  return {
    version,
    programs: {
      start: entry('start'),
      api: entry('api'),
      migrate: entry('migrate'),
      worker: entry('worker'),
      compileCache: join(folder, 'compile-cache'),
    },
    async migrate(url) {
      const settings = { DATABASE_URL: url, DATABASE_ADMIN_URL: url, AWS_REGION: 'us-east-1' };
      await run(process.execPath, [entry('migrate')], { env: { ...inheritedEnvironment(), ...settings } });
    },
    createCloudResources: (endpoint) => cloud.createCloudResources(endpoint),
    ensureOwnerKey: (...about) => owner.ensureOwnerKey(...about),
  };
}

async function build(commit: string, folder: string): Promise<string[]> {
  const sources = join(folder, 'sources');
  const archive = join(folder, 'sources.tar');
  await mkdir(sources);
  await run('git', ['archive', `--output=${archive}`, commit], { cwd: inRepository('.') });
  await run('tar', ['-x', '-f', archive, '-C', sources]);
  await rm(archive);
  await linkPackages(sources);
  await run(process.execPath, [join(sources, 'dev/write-bundle.ts'), join(folder, 'programs')], {
    maxBuffer: Infinity,
  });
  await symlink(join(sources, 'drizzle'), join(folder, 'programs/drizzle'));
  return [];
}

/** Installed packages are shared with the repository, but the packages of the repository are those of the release. */
async function linkPackages(sources: string): Promise<void> {
  const workspaces = await readdir(join(sources, 'packages'));
  await linkAll('node_modules', sources);
  await mkdir(join(sources, 'node_modules/@portfolio'));
  for (const name of workspaces) {
    await symlink(join(sources, 'packages', name), join(sources, 'node_modules/@portfolio', name));
    await linkAll(join('packages', name, 'node_modules'), sources);
  }
}

async function linkAll(modules: string, sources: string): Promise<void> {
  const names = await readdir(inRepository(modules)).catch(() => []);
  if (names.length > 0) await mkdir(join(sources, modules));
  const others = names.filter((name) => name !== '@portfolio');
  await Promise.all(
    others.map((name) => symlink(inRepository(join(modules, name)), join(sources, modules, name))),
  );
}
