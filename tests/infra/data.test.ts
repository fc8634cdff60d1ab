import { beforeAll, describe, expect, test } from 'vitest';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let staging: App;
let personal: App;
beforeAll(async () => {
  production = await synthesized('production');
  staging = await synthesized('staging');
  personal = await synthesized('personal');
});

const cluster = () => production.one('rds/cluster:Cluster');

describe('the database of production', () => {
  test('keeps its snapshots for 35 days', () => {
    expect(cluster().inputs.backupRetentionPeriod).toBe(35);
  });

  test('is encrypted with a key of ours that rotates', () => {
    expect(cluster().inputs).toMatchObject({
      storageEncrypted: true,
      kmsKeyId: expect.stringContaining('DataKey'),
    });
    expect(production.one('kms/key:Key', 'DataKey').inputs.enableKeyRotation).toBe(true);
  });

  test('signs pods in by IAM, and nobody without TLS', () => {
    expect(cluster().inputs.iamDatabaseAuthenticationEnabled).toBe(true);
    const { parameters } = production.one('rds/clusterParameterGroup:ClusterParameterGroup').inputs;
    expect(parameters).toContainEqual({ name: 'rds.force_ssl', value: '1' });
  });

  test('has no password that a person, the program or its state knows', () => {
    expect(cluster().inputs).toMatchObject({ manageMasterUserPassword: true });
    expect(cluster().inputs.masterPassword).toBeUndefined();
    expect(production.all('random:index/randomPassword:RandomPassword')).toEqual([]);
  });

  test('is not removed by mistake, and leaves a snapshot where it is removed', () => {
    expect(cluster().inputs).toMatchObject({
      deletionProtection: true,
      skipFinalSnapshot: false,
      finalSnapshotIdentifier: 'portfolio-production-final',
    });
    expect(cluster().options).toMatchObject({ protect: true, retainOnDelete: true });
  });

  test('runs over three zones, with two readers of which one is as large as the writer', () => {
    const tiers = production
      .all('rds/clusterInstance:ClusterInstance')
      .map(({ inputs }) => inputs.promotionTier);
    expect(new Set(tiers)).toEqual(new Set([0, 1, 2]));
    expect(production.one('rds/subnetGroup:SubnetGroup').inputs.subnetIds).toHaveLength(3);
  });

  test('is reached by nodes of the cluster alone', () => {
    const rules = production
      .all('vpc/securityGroupIngressRule:SecurityGroupIngressRule')
      .filter(({ inputs }) => inputs.securityGroupId.startsWith('DatabaseGroup'));
    expect(
      rules.map(({ inputs }) => [inputs.fromPort, inputs.toPort, inputs.referencedSecurityGroupId]),
    ).toEqual([[5432, 5432, expect.stringContaining('NodesGroup')]]);
  });
});

describe.each(['Files', 'Backups'])('the bucket %s', (name) => {
  test.each(['BucketVersioning', 'BucketServerSideEncryptionConfiguration', 'BucketLifecycleConfiguration'])(
    'has a %s',
    (kind) => {
      const found = production.all(kind).filter((resource) => resource.name.startsWith(name));
      expect(found).toHaveLength(1);
    },
  );

  test('is closed to the public in every way', () => {
    expect(
      production.one('s3/bucketPublicAccessBlock:BucketPublicAccessBlock', `${name}PublicAccessBlock`).inputs,
    ).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
  });

  test('is encrypted with our key', () => {
    const [rule] = production.one('BucketServerSideEncryptionConfiguration', `${name}Encryption`).inputs
      .rules;
    expect(rule.applyServerSideEncryptionByDefault).toMatchObject({
      sseAlgorithm: 'aws:kms',
      kmsMasterKeyId: production.one('rds/cluster:Cluster').inputs.kmsKeyId,
    });
  });

  test('refuses plain http', () => {
    const { Statement } = JSON.parse(
      production.one('s3/bucketPolicy:BucketPolicy', `${name}Policy`).inputs.policy,
    );
    expect(Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': ['false'] } } }),
    );
  });
});

test('a snapshot of each week goes to a bucket: the newest automated one, by a role that may pass on only one other', () => {
  expect(production.one('scheduler/schedule:Schedule').inputs.scheduleExpression).toMatch(
    /^cron\(.* SUN \*\)$/,
  );
  const { definition } = production.one('sfn/stateMachine:StateMachine').inputs;
  const { States } = JSON.parse(definition);
  expect(States.FindSnapshots.Arguments).toMatchObject({ SnapshotType: 'automated' });
  expect(States.StartExport.Arguments).toMatchObject({
    S3BucketName: production.one('s3/bucket:Bucket', 'BackupsBucket').inputs.bucket,
    KmsKeyId: production.one('rds/cluster:Cluster').inputs.kmsKeyId,
  });
  const { Statement } = JSON.parse(
    production.one('iam/rolePolicy:RolePolicy', 'BackupMachinePolicy').inputs.policy,
  );
  const passes = Statement.filter(({ Action }: { Action: string }) => Action === 'iam:PassRole');
  expect(passes.map(({ Resource }: { Resource: string }) => Resource)).toEqual([
    expect.stringContaining('BackupExportRole'),
  ]);
});

test('a cache is there where the stage asks for one: encrypted, over two zones', () => {
  expect(production.one('elasticache/replicationGroup:ReplicationGroup').inputs).toMatchObject({
    engine: 'valkey',
    multiAzEnabled: true,
    automaticFailoverEnabled: true,
    transitEncryptionEnabled: true,
    atRestEncryptionEnabled: true,
  });
  expect(staging.all('elasticache/replicationGroup:ReplicationGroup')).toEqual([]);
});

test('stages but production can be removed with all their data', () => {
  for (const app of [staging, personal]) {
    expect(app.one('rds/cluster:Cluster').inputs).toMatchObject({
      deletionProtection: false,
      skipFinalSnapshot: true,
    });
    expect(app.resources.filter(({ options }) => options.protect || options.retainOnDelete)).toEqual([]);
  }
});
