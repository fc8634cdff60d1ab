import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { testFolder } from '../support/folder.ts';
import { isPlatformComplete, platformEnvironment } from './synth/platform.ts';

const wanted = { version: '4.0.0', providers: { aws: '7.0.0' } };
const files: Record<string, unknown> = {
  'provider-lock.json': [{ name: 'aws', package: '@pulumi/aws', version: '7.0.0', alias: 'aws' }],
  'platform/config.d.ts': '',
  'platform/package.json': { dependencies: { esbuild: '1.0.0' }, devDependencies: { '@types/bun': '1.0.0' } },
  'platform/node_modules/.package-lock.json': { packages: { 'node_modules/deep': {} } },
  'platform/node_modules/@pulumi/aws/package.json': {},
  'platform/node_modules/@types/bun/package.json': {},
  'platform/node_modules/deep/package.json': {},
  'platform/node_modules/esbuild/package.json': {},
};

let folder: string;
beforeEach(async () => {
  folder = await testFolder();
  await write('platform/version', wanted.version);
  for (const [path, content] of Object.entries(files)) await write(path, JSON.stringify(content));
});

async function write(path: string, text: string) {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

test('a full installation is complete', async () => {
  expect(await isPlatformComplete(folder, wanted)).toBe(true);
});

test.each([
  ['packages for development only', 'platform/node_modules/@types/bun'],
  ['the library of a provider', 'platform/node_modules/@pulumi/aws'],
  ['a package that others need', 'platform/node_modules/deep'],
  ["npm's lock file, which it writes last", 'platform/node_modules/.package-lock.json'],
  ['the list of providers', 'provider-lock.json'],
  ["SST's types", 'platform/config.d.ts'],
])('an installation without %s is not complete', async (_, path) => {
  await rm(join(folder, path), { recursive: true });
  expect(await isPlatformComplete(folder, wanted)).toBe(false);
});

test.each([
  ['of SST', { ...wanted, version: '4.0.1' }],
  ['of a provider', { ...wanted, providers: { aws: '7.0.1' } }],
  ['with one provider more', { ...wanted, providers: { ...wanted.providers, tls: '5.0.0' } }],
])('an installation for another version %s is not complete', async (_, other) => {
  expect(await isPlatformComplete(folder, other)).toBe(false);
});

test('npm installs all packages whatever the settings of the caller, and keeps the registry', () => {
  const caller = {
    NODE_ENV: 'production',
    npm_config_omit: 'dev',
    npm_config_ignore_scripts: 'true',
    npm_config_registry: 'https://npm.example.com',
  };
  const environment = platformEnvironment(caller, '/home');
  expect(environment).toMatchObject({
    npm_config_omit: '',
    npm_config_include: 'dev',
    npm_config_ignore_scripts: 'false',
    npm_config_registry: 'https://npm.example.com',
  });
  expect(environment).not.toHaveProperty('NODE_ENV');
});
