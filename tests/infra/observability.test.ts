import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { collectorManifest } from '../../scripts/verify/collector-parts.ts';
import { allows } from './support/iam-evaluator.ts';
import type { App } from './synth/app.ts';
import { region } from './synth/fakes.ts';
import { objectOf, workloadsOf } from './support/workloads.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let staging: App;
beforeAll(async () => {
  production = await synthesized('production');
  staging = await synthesized('staging');
});

type Counted = { id: string; metric: { metricName: string; dimensions: { LoadBalancer: string } } };

const valuesOf = (name: string) => production.one('helm.sh/v3:Release', name).inputs.values;

test('Prometheus has two replicas and Alertmanager three, on encrypted volumes', () => {
  const { prometheus, alertmanager } = valuesOf('kube-prometheus-stack');
  expect(prometheus.prometheusSpec).toMatchObject({ replicas: 2, podAntiAffinity: 'hard' });
  expect(alertmanager.alertmanagerSpec.replicas).toBe(3);
  const { storageClassName } = prometheus.prometheusSpec.storageSpec.volumeClaimTemplate.spec;
  const [storage] = production.manifests.filter(({ kind }) => kind === 'StorageClass');
  expect(storage).toMatchObject({
    metadata: { name: storageClassName },
    provisioner: 'ebs.csi.aws.com',
    parameters: { type: 'gp3', encrypted: 'true' },
  });
});

test('the EBS CSI driver has a role of its own', () => {
  const { podIdentityAssociations } = production.one('eks/addon:Addon', 'aws-ebs-csi-driverAddon').inputs;
  expect(podIdentityAssociations).toEqual([
    { serviceAccount: 'ebs-csi-controller-sa', roleArn: expect.stringContaining('VolumesRole') },
  ]);
});

test('the CloudWatch exporter reads metrics of the queues, the database and the load balancers of its own stage', () => {
  const { discovery } = JSON.parse(valuesOf('cloudwatch-exporter').config);
  expect(discovery.jobs.map(({ type }: { type: string }) => type)).toEqual([
    'AWS/SQS',
    'AWS/RDS',
    'AWS/ApplicationELB',
  ]);
  for (const { searchTags } of discovery.jobs)
    expect(searchTags).toEqual([{ key: 'sst:stage', value: '^production$' }]);
});

test('Fluent Bit sends logs to an OpenSearch domain in the VPC, encrypted in transit and at rest', () => {
  const { inputs } = production.one('opensearch/domain:Domain');
  expect(inputs).toMatchObject({
    clusterConfig: { instanceCount: 3, zoneAwarenessConfig: { availabilityZoneCount: 3 } },
    encryptAtRest: { enabled: true },
    nodeToNodeEncryption: { enabled: true },
    domainEndpointOptions: { enforceHttps: true },
    vpcOptions: { securityGroupIds: [expect.stringContaining('SearchGroup')] },
  });
  expect(inputs.vpcOptions.subnetIds).toHaveLength(3);
  expect(staging.one('opensearch/domain:Domain').inputs.vpcOptions.subnetIds).toHaveLength(1);
  expect(valuesOf('fluent-bit').config.outputs).toContain('.es.amazonaws.com');
  // With dots, `app` would be both a string and an object in the index, and OpenSearch would reject one of them.
  expect(valuesOf('fluent-bit').config.outputs).toMatch(/Replace_Dots +On/);
});

test('Fluent Bit runs on all nodes, including those of API and worker', () => {
  const taints = production.all('eks/nodeGroup:NodeGroup').flatMap(({ inputs }) => inputs.taints ?? []);
  expect(taints.map(({ effect }) => effect)).toEqual(['NO_SCHEDULE', 'NO_SCHEDULE']);
  expect(valuesOf('fluent-bit').tolerations).toEqual([{ operator: 'Exists', effect: 'NoSchedule' }]);
});

type Settings = Record<'receivers' | 'processors' | 'exporters' | 'extensions', Record<string, object>> & {
  service: {
    extensions: string[];
    pipelines: Record<string, Record<'receivers' | 'processors' | 'exporters', string[]>>;
  };
};

const collectors = ['portfolio-api-collector', 'portfolio-worker-collector', 'otel-collector'];
const settingsOf = (name: string) => {
  const { data } = objectOf(production, 'ConfigMap', name);
  return JSON.parse(data['config.yaml']) as Settings;
};

test.each(collectors)('%s has exactly the parts that its pipelines use, and prints no telemetry', (name) => {
  const settings = settingsOf(name);
  const pipelines = Object.values(settings.service.pipelines);
  for (const part of ['receivers', 'processors', 'exporters'] as const)
    expect(new Set(Object.keys(settings[part]))).toEqual(new Set(pipelines.flatMap((one) => one[part])));
  expect(Object.keys(settings.extensions)).toEqual(settings.service.extensions);
  expect(Object.keys(settings.receivers)).toEqual(['otlp']);
  expect(Object.keys(settings.exporters)).not.toContain('debug');
  for (const { processors } of pipelines) expect(processors[0]).toBe('memory_limiter');
});

test('the collector of `npm run verify:all` is the version of the image, with exactly the parts of these configurations', () => {
  const [, version] = /contrib:([\d.]+)$/m.exec(readFileSync('stacks/images/collector.Dockerfile', 'utf8'))!;
  expect(collectorManifest.dist.version).toBe(version);
  const all = collectors.map(settingsOf);
  for (const part of ['receivers', 'processors', 'exporters', 'extensions'] as const) {
    const built = collectorManifest[part].map(
      ({ gomod }) => /([a-z0-9]+)(?:receiver|processor|exporter|extension) /.exec(gomod)![1]!,
    );
    const used = all
      .flatMap((settings) => Object.keys(settings[part]))
      .map((name) => name.replaceAll('_', ''));
    expect(new Set(built)).toEqual(new Set(used));
  }
});

test.each(collectors.slice(0, 2))(
  '%s serves a series no longer than a minute after its last export',
  (name) => {
    const { metric_expiration: expiry } = settingsOf(name).exporters.prometheus as Record<string, string>;
    const seconds = Number(/^(\d+)s$/.exec(expiry!)![1]);
    // Exports follow each other after 15 seconds, and Prometheus reads as often: one may fail.
    expect(seconds).toBeGreaterThanOrEqual(2 * 15);
    expect(seconds).toBeLessThanOrEqual(60);
  },
);

const collectorImageOf = (name: string) =>
  workloadsOf(production)
    .find(({ manifest }) => manifest.metadata.name === name)!
    .containers.find((one) => one.name === 'collector')!.image;

test('the gateway runs the image of the sidecars, which is signed', () => {
  expect(collectorImageOf('otel-collector')).toBe(collectorImageOf('portfolio-api'));
});

test('all sidecars send the spans of one trace to the same pod of the gateway, which answers at that port', () => {
  const { metadata, spec } = objectOf(production, 'Service', 'otel-collector');
  expect(spec.clusterIP).toBe('None');
  const host = `${metadata.name}.${metadata.namespace}.svc.cluster.local`;
  const port = String(spec.ports.find(({ name }: { name: string }) => name === 'otlp').port);
  for (const name of ['portfolio-api-collector', 'portfolio-worker-collector'])
    expect(settingsOf(name).exporters.loadbalancing).toMatchObject({
      routing_key: 'traceID',
      resolver: { dns: { hostname: host, port } },
    });
  expect(settingsOf('otel-collector').receivers.otlp).toEqual({
    protocols: { grpc: expect.objectContaining({ endpoint: `0.0.0.0:${port}` }) },
  });
});

test('the gateway sends traces to the endpoint of X-Ray in its region, signed, in requests that X-Ray takes', () => {
  const { exporters, extensions } = settingsOf('otel-collector');
  expect(exporters.otlphttp).toMatchObject({
    traces_endpoint: `https://xray.${region}.amazonaws.com/v1/traces`,
    auth: { authenticator: 'sigv4auth' },
    sending_queue: { sizer: 'bytes', batch: { max_size: expect.any(Number) } },
  });
  const { sending_queue: queue } = exporters.otlphttp as { sending_queue: { batch: { max_size: number } } };
  expect(queue.batch.max_size).toBeLessThan(5_000_000);
  expect(extensions.sigv4auth).toEqual({ region, service: 'xray' });
});

test('API and worker send their telemetry to the receiver of their own pod', () => {
  for (const name of ['portfolio-api', 'portfolio-worker']) {
    const { OTEL_EXPORTER_OTLP_ENDPOINT } = objectOf(production, 'ConfigMap', name).data;
    const { otlp } = settingsOf(`${name}-collector`).receivers as {
      otlp: { protocols: { http: { endpoint: string } } };
    };
    expect(OTEL_EXPORTER_OTLP_ENDPOINT).toBe(`http://${otlp.protocols.http.endpoint}`);
  }
});

test('the alarm that stops fault injection counts the errors of both load balancers and of their targets', () => {
  const { inputs } = production.one('cloudwatch/metricAlarm:MetricAlarm', 'ChaosStop');
  const [errors, ...none] = inputs.metricQueries.filter(
    ({ returnData }: { returnData?: true }) => returnData,
  );
  expect(none).toEqual([]);
  const counted = inputs.metricQueries
    .filter(({ metric }: { metric?: object }) => metric)
    .map(({ id, metric }: Counted) => {
      expect(errors.expression).toContain(`FILL(${id}, 0)`);
      return `${metric.dimensions.LoadBalancer} ${metric.metricName}`;
    });
  expect(counted.toSorted()).toEqual(
    ['browsers', 'consumers'].flatMap((name) =>
      ['ELB', 'Target'].map((from) => `app/portfolio-${name}/1 HTTPCode_${from}_5XX_Count`),
    ),
  );
});

test('the role for fault injection can find targets by tag', () => {
  const policy = JSON.parse(production.one('iam/rolePolicy:RolePolicy', 'ChaosPolicy').inputs.policy);
  for (const action of ['tag:GetResources', 'ec2:DescribeInstances'])
    expect(allows(policy, { action, resource: '*' }), action).toBe(true);
  const foreign = { action: 'ec2:TerminateInstances', resource: 'arn:aws:ec2:eu-central-1:1:instance/i-1' };
  expect(allows(policy, foreign)).toBe(false);
});

test('every experiment stops when requests fail', () => {
  const templates = production.all('fis/experimentTemplate:ExperimentTemplate');
  expect(new Set(templates.map(({ name }) => name))).toEqual(
    new Set(['api-nodes-end', 'worker-nodes-end', 'database-fails-over']),
  );
  for (const { name, inputs } of templates) {
    expect(inputs.stopConditions, name).toEqual([
      { source: 'aws:cloudwatch:alarm', value: expect.stringContaining('ChaosStop') },
    ]);
  }
});
