import { beforeAll, describe, expect, test } from 'vitest';
import { apiStop, workerSettings, workerStop } from '../../packages/core/src/runtime/settings.ts';
import { buildServer } from '../../packages/api/src/server.ts';
import { anonymous } from '../../packages/core/src/actor.ts';
import type { Services } from '../../packages/core/src/context.ts';
import { silentLog } from '../support/services.ts';
import { type Workload, objectOf, ofKind, workloadsOf } from './support/workloads.ts';
import type { App, Manifest } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

const stages = ['production', 'staging', 'personal'] as const;
const apps = {} as Record<(typeof stages)[number], App>;
beforeAll(async () => {
  for (const stage of stages) apps[stage] = await synthesized(stage);
});

/** The libraries with schemas of custom resources. */
const libraries: Record<string, string> = {
  'keda.sh': '@kubernetes-models/keda',
  'external-secrets.io': '@kubernetes-models/external-secrets',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};
/** No library has schemas for these; tests/infra/admission.test.ts tests their behaviour. */
const withoutSchema = ['templates.gatekeeper.sh', 'constraints.gatekeeper.sh', 'policy.sigstore.dev'];

const groupOf = ({ apiVersion }: Manifest) => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '');

type Model = new (manifest: Manifest) => { validate(): void };

async function modelOf(manifest: Manifest): Promise<Model> {
  const library = libraries[groupOf(manifest)] ?? 'kubernetes-models';
  const module = (await import(`${library}/${manifest.apiVersion}/${manifest.kind}`)) as Record<
    string,
    Model
  >;
  return module[manifest.kind]!;
}

describe.each(stages)('%s', (stage) => {
  test('every object is valid according to its schema', async () => {
    const known = apps[stage].manifests.filter((one) => !withoutSchema.includes(groupOf(one)));
    expect(known.length).toBeGreaterThan(50);
    for (const manifest of known) {
      const Model = await modelOf(manifest);
      expect(
        () => new Model(manifest).validate(),
        `${manifest.kind} ${manifest.metadata.name}`,
      ).not.toThrow();
    }
  });

  test('every object has the common labels, and is created by the provider of the cluster', () => {
    for (const { metadata, kind } of apps[stage].manifests.filter(
      (one) => !withoutSchema.includes(groupOf(one)),
    ))
      for (const label of ['name', 'component', 'part-of', 'managed-by'])
        expect(metadata.labels, `${kind} ${metadata.name}`).toHaveProperty(`app.kubernetes.io/${label}`);
    for (const { name, options } of apps[stage].resources.filter(({ type }) =>
      type.startsWith('kubernetes:'),
    ))
      expect(options.provider, name).toContain('::Kubernetes::');
  });

  test('no two objects have the same name', () => {
    const names = apps[stage].manifests.map(
      ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace} ${metadata.name}`,
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test('every pod is unprivileged, has a read-only root file system, and has resource limits', () => {
    const workloads = workloadsOf(apps[stage]);
    expect(workloads.map(({ manifest }) => manifest.kind)).toContain('Job');
    for (const { template, containers } of workloads) {
      expect(template.spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65_532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      });
      for (const { securityContext, resources } of containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        for (const key of ['cpu', 'memory']) {
          expect(resources?.requests).toHaveProperty(key);
          expect(resources?.limits).toHaveProperty(key);
        }
        expect(resources?.limits?.memory).toBe(resources?.requests?.memory);
      }
    }
  });

  test('every image is named by its digest', () => {
    for (const { containers } of workloadsOf(apps[stage]))
      for (const { image } of containers) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  describe('every Deployment', () => {
    test('is spread over zones, even while one of them is down', () => {
      for (const { template } of deploymentsOf(apps[stage])) {
        const zones = template.spec.topologySpreadConstraints?.find(
          ({ topologyKey }) => topologyKey === 'topology.kubernetes.io/zone',
        );
        expect(zones).toMatchObject({
          maxSkew: 1,
          whenUnsatisfiable: 'DoNotSchedule',
          nodeTaintsPolicy: 'Honor',
        });
        expect(template.metadata?.labels).toMatchObject(zones!.labelSelector!.matchLabels!);
      }
    });

    test('has one disruption budget, which allows one eviction and keeps at least one pod', () => {
      for (const deployment of deploymentsOf(apps[stage])) {
        const budgets = ofKind(apps[stage], 'PodDisruptionBudget').filter((one) =>
          selectsPodsOf(deployment, one),
        );
        expect(budgets, deployment.manifest.metadata.name).toHaveLength(1);
        const fewest = fewestOf(apps[stage], deployment.manifest);
        const { maxUnavailable } = budgets[0]!.spec;
        expect(maxUnavailable).toBeGreaterThanOrEqual(1);
        expect(fewest - maxUnavailable).toBeGreaterThanOrEqual(1);
      }
    });

    test('replaces a quarter of its pods at a time without losing capacity, and has probes on existing ports', () => {
      for (const { manifest, template } of deploymentsOf(apps[stage])) {
        expect(manifest.spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: '25%' });
        for (const { ports, startupProbe, livenessProbe, readinessProbe } of template.spec.containers)
          for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
            const names = ports?.map(({ name }) => name);
            expect(names).toContain(probe?.httpGet?.port);
          }
      }
    });

    test('sets no number of replicas if it has an autoscaler', () => {
      const scaled = ofKind(apps[stage], 'ScaledObject').map(
        ({ spec }) => spec.scaleTargetRef.name as string,
      );
      expect(scaled.toSorted()).toEqual(['portfolio-api', 'portfolio-worker']);
      for (const name of scaled)
        expect(objectOf(apps[stage], 'Deployment', name).spec).not.toHaveProperty('replicas');
    });

    test('selects existing nodes and tolerates their taints', () => {
      const groups = apps[stage].all('eks/nodeGroup:NodeGroup').map(({ inputs }) => inputs);
      for (const { template } of workloadsOf(apps[stage])) {
        const { nodeSelector, tolerations = [] } = template.spec;
        const group = groups.find(({ labels }) => labels.workload === nodeSelector?.workload);
        for (const { key, value } of group!.taints ?? [])
          expect(tolerations).toContainEqual({ key, value, effect: 'NoSchedule' });
      }
    });
  });
});

const deploymentsOf = (app: App) => workloadsOf(app).filter(({ manifest }) => manifest.kind === 'Deployment');

const selectsPodsOf = ({ template }: Workload, { spec }: Manifest) =>
  Object.entries(spec.selector.matchLabels).every(
    ([key, value]) => template.metadata?.labels?.[key] === value,
  );

/** The smallest number of pods of a Deployment. */
function fewestOf(app: App, { metadata, spec }: Manifest): number {
  const scaler = ofKind(app, 'ScaledObject').find((one) => one.spec.scaleTargetRef.name === metadata.name);
  return (scaler?.spec.minReplicaCount ?? spec.replicas) as number;
}

const podOf = (name: string) => objectOf(apps.production, 'Deployment', name).spec.template.spec;

test('an API pod gets the time that its shutdown takes', () => {
  const { terminationGracePeriodSeconds: grace, containers } = podOf('portfolio-api');
  const { preStop } = containers[0].lifecycle;
  const { LINGER_SECONDS: linger } = objectOf(apps.production, 'ConfigMap', 'portfolio-api').data;
  expect(preStop.sleep.seconds).toBe(apiStop.preStop);
  expect(Number(linger)).toBe(apiStop.linger);
  expect(grace).toBeGreaterThan(preStop.sleep.seconds + Number(linger) + apiStop.close);
});

test('a worker pod gets the time that its shutdown takes', () => {
  const { POLL_SECONDS } = objectOf(apps.production, 'ConfigMap', 'portfolio-worker').data;
  const poll = workerSettings.shape.POLL_SECONDS.parse(POLL_SECONDS);
  expect(podOf('portfolio-worker').terminationGracePeriodSeconds).toBeGreaterThan(poll + workerStop.close);
});

test('the API serves the paths of its probes', async () => {
  const server = await buildServer({
    services: { published: { onChange() {} } } as unknown as Services,
    authenticate: async () => anonymous,
    dependencies: {},
    log: silentLog,
  });
  const { startupProbe, livenessProbe, readinessProbe } = podOf('portfolio-api').containers[0];
  for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
    expect((await server.inject(httpGet.path)).statusCode).toBe(200);
});

test('the collector starts before its program and stops after it, and its failure does not make the pod unready', () => {
  for (const name of ['portfolio-api', 'portfolio-worker']) {
    const [sidecar] = podOf(name).initContainers;
    expect(sidecar).toMatchObject({ name: 'collector', restartPolicy: 'Always' });
    expect(sidecar.readinessProbe).toBeUndefined();
    expect(sidecar.startupProbe).toBeUndefined();
  }
});

test('a collector accepts data of its own pod only, and its pipelines refer to configured components', () => {
  const config = JSON.parse(
    objectOf(apps.production, 'ConfigMap', 'portfolio-api-collector').data['config.yaml'],
  );
  expect(config.receivers.otlp.protocols.http.endpoint).toMatch(/^127\.0\.0\.1:/);
  expect(config.exporters.prometheus.endpoint).toBe('0.0.0.0:9464');
  for (const pipeline of Object.values<Record<string, string[]>>(config.service.pipelines))
    for (const part of ['receivers', 'processors', 'exporters'])
      for (const name of pipeline[part]!) expect(config[part]).toHaveProperty(name);
});

test('the namespace of the platform enforces the restricted pod security level', () => {
  expect(objectOf(apps.production, 'Namespace', 'portfolio').metadata.labels).toMatchObject({
    'pod-security.kubernetes.io/enforce': 'restricted',
    'policy.sigstore.dev/include': 'true',
  });
});
