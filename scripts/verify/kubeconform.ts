import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { App, Manifest } from '../../tests/infra/synth/app.ts';
import { synthesize } from '../../tests/infra/synth/index.ts';
import { goTool, pythonFiles } from './install.ts';
import { runTool } from './run-tool.ts';

const stages = ['production', 'staging', 'personal', 'dev'];

/** API groups without schemas in Kubernetes. tests/infra/ checks their objects by their own libraries, or by running them. */
const groupsOfOthers = [
  'constraints.gatekeeper.sh',
  'external-secrets.io',
  'keda.sh',
  'monitoring.coreos.com',
  'policy.sigstore.dev',
  'templates.gatekeeper.sh',
];

const isKubernetes = ({ apiVersion }: Manifest) => !groupsOfOthers.includes(apiVersion.split('/')[0]!);

/** Checks every Kubernetes object of any stage against the schemas of the cluster's version. */
export async function kubeconform() {
  const [program, apps] = await Promise.all([goTool('kubeconform'), synthesizeAll()]);
  const cluster = apps.get('production')!.one('aws:eks/cluster:Cluster');
  const version = `${String(cluster.inputs.version)}.0`;
  const folder = await mkdtemp(join(tmpdir(), 'kubeconform-'));
  try {
    await writeSchemas(version, join(folder, 'schemas'));
    const schemas = join(folder, 'schemas/{{.ResourceKind}}{{.KindSuffix}}.json');
    const files = await writeManifests(apps, folder);
    const options = ['-strict', '-summary', '-kubernetes-version', version, '-schema-location', schemas];
    return await runTool(program, [...options, ...files]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function synthesizeAll() {
  const apps = new Map<string, App>();
  for (const stage of stages) apps.set(stage, await synthesize(stage));
  return apps;
}

/**
 * Writes Kubernetes' JSON schemas from the package kubernetes-validate, with references to each other as files: the original
 * `$id` makes kubeconform fetch them from the network.
 */
async function writeSchemas(version: string, target: string) {
  const part = `/v${version}-local-strict/`;
  const unpacked = await pythonFiles('kubernetes-schemas.txt', part);
  const source = join(unpacked, 'kubernetes_validate/kubernetes-json-schema', part);
  if (!existsSync(source))
    throw new Error(
      `kubernetes-validate has no schemas of Kubernetes ${version}. Update it in scripts/verify/kubernetes-schemas.txt.`,
    );
  await mkdir(target);
  for (const file of await readdir(source)) {
    const { $id: _, ...schema } = JSON.parse(await readFile(join(source, file), 'utf8'));
    const local = JSON.stringify(schema).replaceAll('/api/_definitions.json', '_definitions.json');
    await writeFile(join(target, file), local);
  }
}

async function writeManifests(apps: Map<string, App>, folder: string) {
  const written = [...apps].map(async ([stage, { manifests }]) => {
    const file = join(folder, `${stage}.yaml`);
    const documents = manifests.filter(isKubernetes).map((one) => `---\n${stringify(one)}`);
    await writeFile(file, documents.join(''));
    return file;
  });
  return Promise.all(written);
}
