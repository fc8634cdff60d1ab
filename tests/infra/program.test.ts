import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { inheritedEnvironment } from '../../dev/settings.ts';
import type { App } from './synth/app.ts';
import { secretMark } from './synth/fakes.ts';
import { repository } from './synth/platform.ts';
import { synthesized } from './synth/synthesized.ts';

let stages: Record<'production' | 'staging' | 'personal' | 'dev', App>;
beforeAll(async () => {
  stages = {
    production: await synthesized('production'),
    staging: await synthesized('staging'),
    personal: await synthesized('personal'),
    dev: await synthesized('dev'),
  };
});

/** Type and name of all resources, except those whose name matches `but`. */
const madeBy = (app: App, but: RegExp) =>
  app.resources
    .filter(({ type, name }) => type !== 'pulumi:pulumi:Stack' && !but.test(name))
    .map(({ type, name }) => `${type} ${name}`)
    .toSorted();

test('staging has the resources of production, except NAT gateways, private endpoints, cache, copies and some readers', () => {
  const differs =
    /^VpcNat|Endpoint$|^Cache|^portfolio-api-cache|^DatabaseReader\d$|^Cop(ies|yRegion)|^(Files|Backups)(Copy|Replication)/;
  expect(madeBy(stages.staging, differs)).toEqual(madeBy(stages.production, differs));
});

test('a personal stage has the resources of staging, except the deployer', () => {
  const byPipeline = /^(GitHub|Deployer\w+)$/;
  expect(madeBy(stages.personal, byPipeline)).toEqual(madeBy(stages.staging, byPipeline));
  expect(stages.personal.all('OpenIdConnectProvider')).toEqual([]);
});

test('a stage has the outputs that operators need, and sst dev those of the cloud resources', () => {
  expect(Object.keys(stages.production.outputs).toSorted()).toEqual([
    '_protect',
    'api',
    'cluster',
    'deployer',
    'page',
    'registry',
  ]);
  expect(Object.keys(stages.dev.outputs).toSorted()).toEqual(['_protect', 'bucket', 'queues']);
});

test('only production is protected from removal', () => {
  for (const [name, { outputs }] of Object.entries(stages))
    expect(outputs, name).toMatchObject({ _protect: name === 'production' });
});

test('no input contains an undefined value or an unresolved output', () => {
  for (const { resources } of Object.values(stages)) {
    for (const { type, name, inputs } of resources)
      expect(JSON.stringify(inputs), `${type} ${name}`).not.toMatch(
        /undefined|\[object |Calling \[toString\]/,
      );
  }
});

test('no secret is in an output, or in an input that Pulumi does not encrypt', () => {
  expect(stages.production.resources.flatMap(({ secretInputs }) => secretInputs)).not.toEqual([]);
  for (const { resources, outputs } of Object.values(stages)) {
    expect(JSON.stringify(outputs)).not.toContain(secretMark);
    for (const { type, name, inputs, secretInputs, outputs: own } of resources) {
      const open = Object.entries(inputs).filter(([key]) => !secretInputs.includes(key));
      expect(JSON.stringify([open, own]), `${type} ${name}`).not.toContain(secretMark);
    }
  }
});

/** The documents that the script prints for production. */
async function print(...args: string[]): Promise<unknown[]> {
  const script = join(repository, 'scripts/synth.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, 'production', ...args], {
    env: inheritedEnvironment(),
    maxBuffer: 64 * 2 ** 20,
  });
  return parseAllDocuments(stdout).map((document) => document.toJS() as unknown);
}

test('npm run synth prints every resource, and with --manifests only the manifests', async () => {
  const { resources, manifests } = stages.production;
  expect(await print()).toHaveLength(resources.filter(({ isCustom }) => isCustom).length);
  expect(await print('--manifests')).toEqual(manifests);
});
