import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let dev: App;
beforeAll(async () => {
  production = await synthesized('production');
  dev = await synthesized('dev');
});

test('the cluster authorizes by access entries, encrypts its secrets, and writes all its logs', () => {
  const { inputs, options } = production.one('eks/cluster:Cluster');
  expect(inputs).toMatchObject({
    accessConfig: { authenticationMode: 'API' },
    encryptionConfig: { resources: ['secrets'] },
    vpcConfig: { endpointPrivateAccess: true },
    zonalShiftConfig: { enabled: true },
    deletionProtection: true,
  });
  expect(inputs.vpcConfig.subnetIds).toHaveLength(3);
  expect(inputs.enabledClusterLogTypes.toSorted()).toEqual([
    'api',
    'audit',
    'authenticator',
    'controllerManager',
    'scheduler',
  ]);
  expect(options.protect).toBe(true);
});

test('API, worker and system pods have managed nodes of their own, in private subnets of all zones', () => {
  const groups = production.all('eks/nodeGroup:NodeGroup').map(({ inputs }) => inputs);
  const of = Object.fromEntries(groups.map((group) => [group.labels.workload, group]));
  expect(Object.keys(of).toSorted()).toEqual(['api', 'system', 'worker']);
  for (const { subnetIds, scalingConfig } of groups) {
    expect(subnetIds).toHaveLength(3);
    expect(scalingConfig.minSize).toBeGreaterThanOrEqual(3);
  }
  for (const name of ['api', 'worker']) {
    expect(of[name]!.taints).toEqual([{ key: 'workload', value: name, effect: 'NO_SCHEDULE' }]);
  }
  expect(of.system!.taints).toBeUndefined();
});

test('a pod cannot get the credentials of its node, and the disks of nodes are encrypted', () => {
  const { metadataOptions, blockDeviceMappings } = production.one('ec2/launchTemplate:LaunchTemplate').inputs;
  expect(metadataOptions).toMatchObject({ httpTokens: 'required', httpPutResponseHopLimit: 1 });
  for (const { ebs } of blockDeviceMappings) expect(ebs.encrypted).toBe('true');
});

test('network policies are enforced, and pods get their roles by Pod Identity', () => {
  const addons = new Map(production.all('eks/addon:Addon').map(({ inputs }) => [inputs.addonName, inputs]));
  expect(JSON.parse(addons.get('vpc-cni')!.configurationValues)).toMatchObject({
    enableNetworkPolicy: 'true',
  });
  for (const name of [
    'kube-proxy',
    'coredns',
    'eks-pod-identity-agent',
    'aws-ebs-csi-driver',
    'metrics-server',
  ])
    expect(addons.has(name), name).toBe(true);
});

const dependencies = (type: string, name: string) =>
  production.one(type, name).options.dependsOn.map((urn) => urn.split('::').at(-1));

test('nodes depend on the pod network, and everything in the cluster depends on nodes', () => {
  for (const group of ['api', 'worker', 'system']) {
    expect(dependencies('NodeGroup', `${group}Nodes`)).toEqual(
      expect.arrayContaining(['vpc-cniAddon', 'kube-proxyAddon', 'eks-pod-identity-agentAddon']),
    );
  }
  for (const addon of ['corednsAddon', 'metrics-serverAddon']) {
    expect(dependencies('eks/addon:Addon', addon)).toEqual(
      expect.arrayContaining(['apiNodes', 'workerNodes', 'systemNodes']),
    );
  }
  expect(dependencies('providers:kubernetes', 'Kubernetes')).toEqual(
    expect.arrayContaining(['corednsAddon', 'metrics-serverAddon']),
  );
  expect(dependencies('eks/addon:Addon', 'aws-ebs-csi-driverAddon')).toEqual(
    expect.arrayContaining(['Kubernetes', 'VolumesPolicy']),
  );
});

test('nodes have the version of the control plane and the newest patches', () => {
  const { version } = production.one('eks/cluster:Cluster').inputs;
  for (const { inputs } of production.all('eks/nodeGroup:NodeGroup'))
    expect(inputs).toMatchObject({ version, releaseVersion: '1.50.0-0123abcd' });
});

test('nodes that fail are replaced', () => {
  for (const { inputs } of production.all('eks/nodeGroup:NodeGroup'))
    expect(inputs.nodeRepairConfig).toEqual({ enabled: true });
});

test('every image is built for the architecture of the nodes and scanned on push, and a commit can be deployed again', () => {
  const repositories = production.all('ecr/repository:Repository').map(({ inputs }) => inputs);
  expect(new Set(repositories.map(({ name }) => name))).toEqual(
    new Set(['api', 'collector', 'nginx', 'worker'].map((name) => `portfolio-production/${name}`)),
  );
  for (const { imageTagMutability, imageScanningConfiguration } of repositories) {
    expect(imageTagMutability).toBe('MUTABLE');
    expect(imageScanningConfiguration).toEqual({ scanOnPush: true });
  }
  for (const { inputs } of production.all('docker-build:index:Image')) {
    expect(inputs).toMatchObject({ push: true, platforms: ['linux/arm64'] });
  }
  expect(production.one('kms/key:Key', 'SigningKey').inputs).toMatchObject({ keyUsage: 'SIGN_VERIFY' });
});

test('every image has a Dockerfile that declares the arguments it is built with, and API and worker get their own program', () => {
  const images = production.all('docker-build:index:Image');
  for (const { name, inputs } of images) {
    const dockerfile = readFileSync(inputs.dockerfile.location, 'utf8');
    for (const argument of Object.keys(inputs.buildArgs ?? {}))
      expect(dockerfile, name).toMatch(new RegExp(`^ARG ${argument}$`, 'm'));
  }
  const programs = images.flatMap(({ name, inputs: { buildArgs } }) =>
    buildArgs ? [[name, buildArgs]] : [],
  );
  expect(Object.fromEntries(programs)).toEqual({
    apiImage: { PROGRAM: 'api' },
    workerImage: { PROGRAM: 'worker' },
  });
});

test('images install exactly what the lockfile says, without install scripts, and start from a named version', () => {
  const images = production.all('docker-build:index:Image');
  const files = new Set(images.map(({ inputs }) => String(inputs.dockerfile.location)));
  expect(files.size).toBeGreaterThan(0);
  for (const file of files) {
    const dockerfile = readFileSync(file, 'utf8');
    const installs = dockerfile.match(/\bnpm .*/g) ?? [];
    expect(installs, file).toEqual(installs.map(() => 'npm ci --ignore-scripts'));
    const bases = Array.from(dockerfile.matchAll(/^ARG (?:BASE|BUILD)_IMAGE=(.*)$/gm), ([, image]) => image);
    expect(bases, file).not.toEqual([]);
    for (const base of bases)
      expect(base, file).toMatch(/(@sha256:[0-9a-f]{64}|\d+[^/]*:nonroot|:\d[\w.-]*)$/);
  }
});

test('every Kubernetes resource is created in this cluster, and not in that of a local kubeconfig', () => {
  const inCluster = production.resources.filter(({ type }) => type.startsWith('kubernetes:'));
  for (const { name, options } of inCluster) expect(options.provider, name).toContain('Kubernetes');
});

test('sst dev creates a queue and a bucket in the cloud, and runs everything else on the machine', () => {
  const types = dev.resources
    .filter(({ type }) => type.startsWith('aws:'))
    .map(({ type }) => type.split('/')[0]);
  expect(new Set(types)).toEqual(new Set(['aws:kms', 'aws:s3', 'aws:sqs']));
  const commands = dev.all('DevCommand').map(({ name }) => name);
  expect(commands.toSorted()).toEqual(['Api', 'Database', 'Web', 'Worker']);
});
