import { beforeAll, describe, expect, test } from 'vitest';
import { type Workload, ofKind, workloadsOf } from './support/workloads.ts';
import type { App, Manifest } from './synth/app.ts';
import type { Resource } from './synth/resource.ts';
import { synthesized } from './synth/synthesized.ts';

const stages = ['production', 'staging', 'personal'] as const;
const apps = {} as Record<(typeof stages)[number], App>;
beforeAll(async () => {
  for (const stage of stages) apps[stage] = await synthesized(stage);
});

type Reference = { kind: string; name: string; keys?: string[] };

/** All objects that a workload's pods refer to by name. */
function referencesOf({ template, containers }: Workload): Reference[] {
  const { volumes = [], serviceAccountName = 'default' } = template.spec;
  const ofVolumes = volumes.flatMap(({ configMap, secret }): Reference[] => [
    ...(configMap?.name ? [{ kind: 'ConfigMap', name: configMap.name }] : []),
    ...(secret?.secretName ? [{ kind: 'Secret', name: secret.secretName }] : []),
  ]);
  const ofContainers = containers.flatMap(({ env = [], envFrom = [] }): Reference[] => [
    ...envFrom.flatMap(({ configMapRef, secretRef }) => [
      ...(configMapRef?.name ? [{ kind: 'ConfigMap', name: configMapRef.name }] : []),
      ...(secretRef?.name ? [{ kind: 'Secret', name: secretRef.name }] : []),
    ]),
    ...env.flatMap(({ valueFrom }) => [
      ...(valueFrom?.configMapKeyRef?.name
        ? [{ kind: 'ConfigMap', name: valueFrom.configMapKeyRef.name, keys: [valueFrom.configMapKeyRef.key] }]
        : []),
      ...(valueFrom?.secretKeyRef?.name ? [{ kind: 'Secret', name: valueFrom.secretKeyRef.name }] : []),
    ]),
  ]);
  return [{ kind: 'ServiceAccount', name: serviceAccountName }, ...ofVolumes, ...ofContainers];
}

/** Whether a deployment creates the object. Secrets are created by ExternalSecrets. */
function exists(app: App, { kind, name, keys = [] }: Reference, namespace: string): boolean {
  const inNamespace = (one: Manifest) => one.metadata.namespace === namespace;
  if (kind === 'Secret')
    return ofKind(app, 'ExternalSecret').some(
      (one) => inNamespace(one) && (one.spec.target?.name ?? one.metadata.name) === name,
    );
  return ofKind(app, kind).some(
    (one) =>
      inNamespace(one) &&
      one.metadata.name === name &&
      keys.every((key) => Object.hasOwn(one.data ?? {}, key)),
  );
}

const podsOf = (app: App, namespace: string, selector: Record<string, string>) =>
  workloadsOf(app).filter(
    ({ manifest, template }) =>
      manifest.metadata.namespace === namespace &&
      Object.entries(selector).every(([key, value]) => template.metadata?.labels?.[key] === value),
  );

/** The URNs of all direct and indirect dependencies of a resource. */
function dependenciesOf(app: App, { options }: Resource): Set<string> {
  const before = new Set<string>();
  const open = [...options.dependsOn];
  for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
    if (before.has(urn)) continue;
    before.add(urn);
    open.push(...(app.resources.find((one) => one.urn === urn)?.options.dependsOn ?? []));
  }
  return before;
}

type Trigger = { authenticationRef?: { name: string }; metadata: { containerName?: string } };

const portsOf = ({ containers }: Workload) => containers.flatMap(({ ports = [] }) => ports);

describe.each(stages)('%s', (stage) => {
  test('every ConfigMap, Secret and ServiceAccount that a pod refers to is created in its namespace', () => {
    for (const workload of workloadsOf(apps[stage]))
      for (const reference of referencesOf(workload)) {
        const { name, namespace } = workload.manifest.metadata;
        const isMade = exists(apps[stage], reference, namespace);
        expect(isMade, `${reference.kind} ${reference.name} of ${name}`).toBe(true);
      }
  });

  test('ConfigMaps are retained, so that a Deployment that is rolled back by hand finds its own', () => {
    const settings = apps[stage].all('kubernetes:v1:ConfigMap');
    expect(settings).not.toHaveLength(0);
    for (const { name, options } of settings) expect(options.retainOnDelete, name).toBe(true);
  });

  test('every object depends on its namespace, unless Kubernetes creates it', () => {
    const namespaces = apps[stage].all('v1:Namespace');
    const made = new Map(namespaces.map(({ inputs, urn }) => [inputs.metadata.name as string, urn]));
    const placed = apps[stage].resources.filter(({ type }) => type.startsWith('kubernetes:'));
    const given = new Set(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    for (const one of placed) {
      const namespace: string | undefined = one.inputs.metadata?.namespace ?? one.inputs.namespace;
      if (namespace === undefined || given.has(namespace)) continue;
      expect(dependenciesOf(apps[stage], one), one.name).toContain(made.get(namespace));
    }
  });

  test('every volume that a container mounts is declared in its pod', () => {
    for (const { template, containers } of workloadsOf(apps[stage])) {
      const names = (template.spec.volumes ?? []).map(({ name }) => name);
      for (const { volumeMounts = [] } of containers)
        for (const { name } of volumeMounts) expect(names).toContain(name);
    }
  });

  test('the selector of every Deployment, Service and disruption budget matches the pods of one workload', () => {
    const selecting = [
      ...ofKind(apps[stage], 'Deployment'),
      ...ofKind(apps[stage], 'PodDisruptionBudget'),
    ].map(({ metadata, spec }) => ({ metadata, selector: spec.selector.matchLabels }));
    const services = ofKind(apps[stage], 'Service')
      .filter(({ spec }) => spec.selector)
      .map(({ metadata, spec }) => ({ metadata, selector: spec.selector }));
    expect(services).not.toHaveLength(0);
    for (const { metadata, selector } of [...selecting, ...services])
      expect(podsOf(apps[stage], metadata.namespace, selector), metadata.name).toHaveLength(1);
  });

  test('every target port of a Service is a port of its pods', () => {
    for (const { metadata, spec } of ofKind(apps[stage], 'Service').filter((one) => one.spec.selector)) {
      const [workload] = podsOf(apps[stage], metadata.namespace, spec.selector);
      const ports = portsOf(workload!).flatMap(({ name, containerPort }) => [name, containerPort]);
      for (const { targetPort } of spec.ports) expect(ports, metadata.name).toContain(targetPort);
    }
  });

  test('every PodMonitor refers to a port of its pods, and depends on the Prometheus operator', () => {
    const operator = apps[stage].one('helm.sh/v3:Release', 'kube-prometheus-stack').urn;
    const monitors = apps[stage].all('monitoring.coreos.com/v1:PodMonitor');
    expect(new Set(monitors.map(({ inputs }) => inputs.metadata.name))).toEqual(
      new Set(['otel-collector', 'portfolio-api', 'portfolio-worker']),
    );
    for (const monitor of monitors) {
      const { metadata, spec } = monitor.inputs;
      const [workload] = podsOf(apps[stage], metadata.namespace, spec.selector.matchLabels);
      for (const { port } of spec.podMetricsEndpoints)
        expect(portsOf(workload!).map(({ name }) => name)).toContain(port);
      expect(workload!.template.metadata?.labels?.[spec.jobLabel]).toBe(metadata.name);
      expect(dependenciesOf(apps[stage], monitor)).toContain(operator);
    }
  });

  test('every ScaledObject refers to an existing Deployment, authentication and container', () => {
    const deployments = workloadsOf(apps[stage]).filter(({ manifest }) => manifest.kind === 'Deployment');
    for (const { metadata, spec } of ofKind(apps[stage], 'ScaledObject')) {
      const target = deployments.find(({ manifest }) => manifest.metadata.name === spec.scaleTargetRef.name);
      expect(target?.manifest.metadata.namespace).toBe(metadata.namespace);
      const identities = spec.triggers.flatMap(
        ({ authenticationRef }: Trigger) => authenticationRef?.name ?? [],
      );
      for (const name of identities) {
        const reference = { kind: 'TriggerAuthentication', name };
        expect(exists(apps[stage], reference, metadata.namespace), name).toBe(true);
      }
      const measured = spec.triggers.flatMap(({ metadata: given }: Trigger) => given.containerName ?? []);
      expect(target?.containers.map(({ name }) => name)).toEqual(expect.arrayContaining(measured));
    }
  });

  test('the pods of the platform depend on the role binding of their service account', () => {
    const bound = apps[stage].all('eks/podIdentityAssociation:PodIdentityAssociation');
    for (const account of ['portfolio-api', 'portfolio-worker', 'portfolio-migrator']) {
      const association = bound.find(({ inputs }) => inputs.serviceAccount === account);
      const workload = apps[stage].resources.find(
        ({ type, inputs }) =>
          /:(Deployment|Job)$/.test(type) && inputs.spec?.template?.spec?.serviceAccountName === account,
      );
      expect(association?.inputs.namespace).toBe('portfolio');
      expect(workload?.options.dependsOn, account).toContain(association?.urn);
    }
  });

  test('API and worker depend on the migration', () => {
    const job = apps[stage].all('batch/v1:Job')[0]!;
    const deployments = apps[stage]
      .all('apps/v1:Deployment')
      .filter(({ inputs }) => /-(api|worker)$/.test(inputs.metadata.name));
    expect(deployments).toHaveLength(2);
    for (const { options } of deployments) expect(options.dependsOn).toContain(job.urn);
  });
});
