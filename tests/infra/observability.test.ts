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

test('the collector sends traces to X-Ray', () => {
  expect(valuesOf('otel-collector').config.service.pipelines.traces).toMatchObject({
    receivers: ['otlp'],
    exporters: ['awsxray'],
  });
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
