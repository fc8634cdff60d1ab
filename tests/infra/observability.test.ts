import { beforeAll, expect, test } from 'vitest';
import { allows } from './support/iam-evaluator.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let staging: App;
beforeAll(async () => {
  production = await synthesized('production');
  staging = await synthesized('staging');
});

type Counted = { id: string; metric: { metricName: string; dimensions: { LoadBalancer: string } } };

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
  // `app` and `app.kubernetes.io/name` would be a word and an object of one name, and one of the two be refused.
  expect(valuesOf('fluent-bit').config.outputs).toMatch(/Replace_Dots +On/);
});

test('logs are read on all nodes, those of API and workers among them', () => {
  const taints = production.all('eks/nodeGroup:NodeGroup').flatMap(({ inputs }) => inputs.taints ?? []);
  expect(taints.map(({ effect }) => effect)).toEqual(['NO_SCHEDULE', 'NO_SCHEDULE']);
  expect(valuesOf('fluent-bit').tolerations).toEqual([{ operator: 'Exists', effect: 'NoSchedule' }]);
});

test('traces go by a collector to X-Ray', () => {
  expect(valuesOf('otel-collector').config.service.pipelines.traces).toMatchObject({
    receivers: ['otlp'],
    exporters: ['awsxray'],
  });
});

test('the alarm that stops faults counts the errors of both load balancers, and those that they pass on', () => {
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

test('the role of faults finds what has a tag', () => {
  const policy = JSON.parse(production.one('iam/rolePolicy:RolePolicy', 'ChaosPolicy').inputs.policy);
  for (const action of ['tag:GetResources', 'ec2:DescribeInstances'])
    expect(allows(policy, { action, resource: '*' }), action).toBe(true);
  const foreign = { action: 'ec2:TerminateInstances', resource: 'arn:aws:ec2:eu-central-1:1:instance/i-1' };
  expect(allows(policy, foreign)).toBe(false);
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
