import { sql } from 'drizzle-orm';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { urlOf } from '../../dev/database-users.ts';
import { developmentPrograms } from '../../dev/programs.ts';
import { apiLatencyP95 } from '../../stacks/k8s/latency.ts';
import { eventually } from '../support/eventually.ts';
import { testServices } from '../support/services.ts';
import { freePort } from '../support/stack.ts';
import { objectOf, ofKind } from './support/workloads.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

const stages = ['production', 'staging', 'personal'] as const;
const apps = {} as Record<(typeof stages)[number], App>;
beforeAll(async () => {
  for (const stage of stages) apps[stage] = await synthesized(stage);
});

const scalerOf = (app: App, name: string) => objectOf(app, 'ScaledObject', name).spec;

test.each(stages)('the API of %s scales by CPU utilization and latency', (stage) => {
  const { triggers } = scalerOf(apps[stage], 'portfolio-api');
  expect(triggers).toEqual([
    { type: 'cpu', metricType: 'Utilization', metadata: { value: '60', containerName: 'api' } },
    {
      type: 'prometheus',
      // AverageValue would divide the latency by the number of pods.
      metricType: 'Value',
      metadata: expect.objectContaining({ query: apiLatencyP95.record, threshold: '0.4' }),
    },
  ]);
});

test.each(stages)('the worker of %s scales by the backlog that the API computes', (stage) => {
  const { triggers } = scalerOf(apps[stage], 'portfolio-worker');
  const { INTERNAL_PORT: port } = objectOf(apps[stage], 'ConfigMap', 'portfolio-api').data;
  expect(triggers).toEqual([
    {
      type: 'metrics-api',
      metricType: 'AverageValue',
      metadata: {
        url: `http://portfolio-api.portfolio.svc.cluster.local:${port}/backlog`,
        format: 'json',
        valueLocation: 'workers',
        targetValue: '1',
      },
    },
  ]);
  const { ports } = objectOf(apps[stage], 'Service', 'portfolio-api').spec;
  const { ports: ofPod } = objectOf(apps[stage], 'Deployment', 'portfolio-api').spec.template.spec
    .containers[0];
  expect(ports).toContainEqual({ name: 'backlog', port: Number(port), targetPort: 'backlog' });
  expect(ofPod).toContainEqual({ name: 'backlog', containerPort: Number(port) });
});

describe('the backlog of the real API', () => {
  const parts = new AsyncDisposableStack();
  let platform: Awaited<ReturnType<typeof testServices>>;
  let port: number;
  beforeAll(async () => {
    platform = await testServices();
    parts.defer(() => platform.stop());
    port = await freePort();
    const programs = await developmentPrograms();
    const { environment, databaseUrl } = platform;
    const api = spawn(process.execPath, [programs.api], {
      env: {
        ...environment,
        DATABASE_URL: urlOf('portfolio_api', databaseUrl),
        NODE_COMPILE_CACHE: programs.compileCache,
        HOST: '127.0.0.1',
        PORT: '0',
        INTERNAL_PORT: String(port),
        LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(api, 'exit');
    parts.defer(async () => {
      api.kill('SIGKILL');
      await ended;
    });
    await eventually(() => fetch(`http://127.0.0.1:${port}/backlog`));
  });
  afterAll(() => parts.disposeAsync());

  /** The number of workers of a stage for this backlog, by the formula of the HPA for an `AverageValue`. */
  async function workersOf(stage: (typeof stages)[number]) {
    const { triggers, minReplicaCount, maxReplicaCount } = scalerOf(apps[stage], 'portfolio-worker');
    const { url, valueLocation, targetValue } = triggers[0].metadata;
    const response = await fetch(`http://127.0.0.1:${port}${new URL(url).pathname}`);
    const { [valueLocation]: value } = (await response.json()) as Record<string, unknown>;
    expect(value).toBeTypeOf('number');
    const wanted = Math.ceil((value as number) / Number(targetValue));
    return Math.min(maxReplicaCount, Math.max(minReplicaCount, wanted));
  }

  test('of 10,000 exports of one tenant, scales the workers of each stage to their maximum', async () => {
    await platform.db.execute(sql`
      insert into portfolios (id, slug, name, tagline, description) values ('pf_1', 'team', 'Team', '', '')`);
    for (const stage of stages)
      expect(await workersOf(stage)).toBe(scalerOf(apps[stage], 'portfolio-worker').minReplicaCount);
    await platform.db.execute(sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
      select 'job_' || n, 'pf_1', 'export.pdf', 'PDF', 'queued', 'study_' || n, '{}', 'ada', 5, 1
      from generate_series(1, 10000) n`);
    for (const stage of stages)
      expect(await workersOf(stage)).toBe(scalerOf(apps[stage], 'portfolio-worker').maxReplicaCount);
  });
});

test.each(stages)('autoscaling in %s keeps the number of pods while metrics are unavailable', (stage) => {
  for (const name of ['portfolio-api', 'portfolio-worker']) {
    const { fallback, minReplicaCount, maxReplicaCount } = scalerOf(apps[stage], name);
    expect(fallback.behavior).toBe('currentReplicasIfHigher');
    expect(fallback.replicas).toBeGreaterThanOrEqual(minReplicaCount);
    expect(maxReplicaCount).toBeGreaterThan(minReplicaCount);
  }
});

test('production always has a pod of each Deployment in every zone', () => {
  for (const name of ['portfolio-api', 'portfolio-worker'])
    expect(scalerOf(apps.production, name).minReplicaCount).toBeGreaterThanOrEqual(3);
});

test('the largest number of nodes has room for the largest number of pods', () => {
  /** The CPUs of an instance that are left for pods. */
  const usable = 0.9;
  const processors: Record<string, number> = { 'm7g.large': 2, 'm7g.xlarge': 4, 't4g.large': 2 };
  for (const stage of stages)
    for (const kind of ['api', 'worker']) {
      const group = apps[stage]
        .all('eks/nodeGroup:NodeGroup')
        .find(({ inputs }) => inputs.labels.workload === kind)!;
      const [type] = group.inputs.instanceTypes;
      const { maxReplicaCount } = scalerOf(apps[stage], `portfolio-${kind}`);
      const { containers, initContainers } = objectOf(apps[stage], 'Deployment', `portfolio-${kind}`).spec
        .template.spec;
      const requested = [...containers, ...initContainers]
        .map(({ resources }) => coresOf(resources.requests.cpu))
        .reduce((sum, cores) => sum + cores, 0);
      const room = Math.floor((processors[type]! * usable) / requested) * group.inputs.scalingConfig.maxSize;
      expect(room, `${kind} of ${stage}`).toBeGreaterThanOrEqual(maxReplicaCount);
    }
});

const coresOf = (cpu: string) => (cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu));

test.each(stages)('%s has one rule, which records the latency for autoscaling', (stage) => {
  const recorded = ofKind(apps[stage], 'PrometheusRule').flatMap(({ spec }) =>
    spec.groups.flatMap(({ rules }: { rules: { record: string }[] }) => rules.map(({ record }) => record)),
  );
  const { triggers } = scalerOf(apps[stage], 'portfolio-api');
  const requested = triggers.find(({ type }: { type: string }) => type === 'prometheus');
  expect(recorded.filter((record) => record === requested.metadata.query)).toHaveLength(1);
});

test('KEDA and the cluster autoscaler have pinned versions, and are installed before ScaledObjects', () => {
  const releases = apps.production.all('helm.sh/v3:Release');
  const keda = releases.find(({ inputs }) => inputs.chart === 'keda');
  const nodes = releases.find(({ inputs }) => inputs.chart === 'cluster-autoscaler');
  for (const release of [keda, nodes]) expect(release?.inputs.version).toMatch(/^\d+\.\d+\.\d+$/);
  for (const { options } of apps.production.all('keda.sh/v1alpha1:ScaledObject'))
    expect(options.dependsOn).toContain(keda?.urn);
});
