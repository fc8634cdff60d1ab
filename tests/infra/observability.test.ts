import { beforeAll, expect, test } from 'vitest';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let staging: App;
beforeAll(async () => {
  production = await synthesized('production');
  staging = await synthesized('staging');
});

const valuesOf = (name: string) => production.one('helm.sh/v3:Release', name).inputs.values;

test('Prometheus runs twice and Alertmanager three times, on disks that are encrypted', () => {
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

test('what makes disks has a role for that alone', () => {
  const { podIdentityAssociations } = production.one('eks/addon:Addon', 'aws-ebs-csi-driverAddon').inputs;
  expect(podIdentityAssociations).toEqual([
    { serviceAccount: 'ebs-csi-controller-sa', roleArn: expect.stringContaining('VolumesRole') },
  ]);
});

test('CloudWatch is asked for the queue, the database and the load balancer of this stage alone', () => {
  const { discovery } = JSON.parse(valuesOf('cloudwatch-exporter').config);
  expect(discovery.jobs.map(({ type }: { type: string }) => type)).toEqual([
    'AWS/SQS',
    'AWS/RDS',
    'AWS/ApplicationELB',
  ]);
  for (const { searchTags } of discovery.jobs)
    expect(searchTags).toEqual([{ key: 'sst:stage', value: '^production$' }]);
});

test('logs go by Fluent Bit to an OpenSearch that only this network reaches, encrypted on every way', () => {
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
});

test('traces go by a collector to X-Ray', () => {
  expect(valuesOf('otel-collector').config.service.pipelines.traces).toMatchObject({
    receivers: ['otlp'],
    exporters: ['awsxray'],
  });
});

test('every fault that AWS injects stops by itself when requests fail', () => {
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
