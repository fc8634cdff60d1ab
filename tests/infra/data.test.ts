import postgres from 'postgres';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { shared } from '../support/shared.ts';
import { allows } from './support/iam-evaluator.ts';
import { type Service, type StateMachine, runStateMachine } from './support/state-machine.ts';
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

const major = (version: string) => version.split('.')[0];
const cluster = () => production.one('rds/cluster:Cluster');

describe('the database of production', () => {
  test('has the major version that development and tests use', async () => {
    const sql = postgres((await shared('cluster')).url, { max: 1 });
    onTestFinished(() => sql.end());
    const [row] = await sql`show server_version`;
    expect(major(cluster().inputs.engineVersion)).toBe(major(row?.server_version));
  });

  test('keeps its snapshots for 35 days', () => {
    expect(cluster().inputs.backupRetentionPeriod).toBe(35);
  });

  test('is encrypted with a customer managed key that rotates', () => {
    expect(cluster().inputs).toMatchObject({
      storageEncrypted: true,
      kmsKeyId: expect.stringContaining('DataKey'),
    });
    expect(production.one('kms/key:Key', 'DataKey').inputs.enableKeyRotation).toBe(true);
  });

  test('authenticates pods by IAM, and requires TLS', () => {
    expect(cluster().inputs.iamDatabaseAuthenticationEnabled).toBe(true);
    const { parameters } = production.one('rds/clusterParameterGroup:ClusterParameterGroup').inputs;
    expect(parameters).toContainEqual({ name: 'rds.force_ssl', value: '1' });
  });

  test('writes to a log group with a retention', () => {
    const { clusterIdentifier, enabledCloudwatchLogsExports } = cluster().inputs;
    expect(enabledCloudwatchLogsExports).toEqual(['postgresql']);
    expect(production.one('cloudwatch/logGroup:LogGroup', 'DatabaseLogs').inputs).toMatchObject({
      name: `/aws/rds/cluster/${clusterIdentifier}/postgresql`,
      retentionInDays: 400,
    });
  });

  test('has a master password that only AWS knows', () => {
    expect(cluster().inputs).toMatchObject({ manageMasterUserPassword: true });
    expect(cluster().inputs.masterPassword).toBeUndefined();
    expect(production.all('random:index/randomPassword:RandomPassword')).toEqual([]);
  });

  test('is protected from deletion, and leaves a final snapshot', () => {
    expect(cluster().inputs).toMatchObject({
      deletionProtection: true,
      skipFinalSnapshot: false,
      finalSnapshotIdentifier: 'portfolio-production-final',
    });
    expect(cluster().options).toMatchObject({ protect: true, retainOnDelete: true });
  });

  test('has subnets in three zones and two readers, one of them as large as the writer', () => {
    const tiers = production
      .all('rds/clusterInstance:ClusterInstance')
      .map(({ inputs }) => inputs.promotionTier);
    expect(new Set(tiers)).toEqual(new Set([0, 1, 2]));
    expect(production.one('rds/subnetGroup:SubnetGroup').inputs.subnetIds).toHaveLength(3);
  });

  test('accepts connections from nodes of the cluster only', () => {
    const rules = production
      .all('vpc/securityGroupIngressRule:SecurityGroupIngressRule')
      .filter(({ inputs }) => inputs.securityGroupId.startsWith('DatabaseGroup'));
    expect(
      rules.map(({ inputs }) => [inputs.fromPort, inputs.toPort, inputs.referencedSecurityGroupId]),
    ).toEqual([[5432, 5432, expect.stringContaining('NodesGroup')]]);
  });
});

describe.each([
  ['Files', 'DataKey'],
  ['Backups', 'DataKey'],
  ['FilesCopy', 'CopiesKey'],
  ['BackupsCopy', 'CopiesKey'],
])('the bucket %s', (name, key) => {
  test.each(['BucketVersioning', 'BucketServerSideEncryptionConfiguration', 'BucketLifecycleConfiguration'])(
    'has a %s',
    (kind) => {
      const named = new RegExp(`^${name}(?!Copy)`);
      expect(production.all(kind).filter((resource) => named.test(resource.name))).toHaveLength(1);
    },
  );

  test('blocks all public access', () => {
    expect(
      production.one('s3/bucketPublicAccessBlock:BucketPublicAccessBlock', `${name}PublicAccessBlock`).inputs,
    ).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
  });

  test('is encrypted with the data key', () => {
    const [rule] = production.one('BucketServerSideEncryptionConfiguration', `${name}Encryption`).inputs
      .rules;
    expect(rule.applyServerSideEncryptionByDefault).toMatchObject({
      sseAlgorithm: 'aws:kms',
      kmsMasterKeyId: expect.stringContaining(key),
    });
  });

  test('allows no cross-origin requests', () => {
    expect(production.all('BucketCorsConfiguration').filter((cors) => cors.name.startsWith(name))).toEqual(
      [],
    );
  });

  test('denies plain HTTP', () => {
    const { Statement } = JSON.parse(
      production.one('s3/bucketPolicy:BucketPolicy', `${name}Policy`).inputs.policy,
    );
    expect(Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': ['false'] } } }),
    );
  });
});

const bucket = (of: string) => production.one('s3/bucket:Bucket', `${of}Bucket`);
const rulesOf = (of: string) => production.one('BucketLifecycleConfiguration', `${of}Lifecycle`).inputs.rules;

describe.each(['Files', 'Backups'])('the copy of the bucket %s', (name) => {
  test('is in another region with a key of that region, and S3 replicates objects and deletions to it', () => {
    const replication = production.one(
      's3/bucketReplicationConfig:BucketReplicationConfig',
      `${name}Replication`,
    );
    expect(replication.inputs.bucket).toBe(bucket(name).inputs.bucket);
    expect(replication.inputs.rules).toMatchObject([
      {
        status: 'Enabled',
        priority: 1,
        filter: { prefix: '' },
        deleteMarkerReplication: { status: 'Enabled' },
        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
        destination: {
          bucket: `arn:aws:s3:::${bucket(`${name}Copy`).inputs.bucket}`,
          encryptionConfiguration: { replicaKmsKeyId: expect.stringContaining('CopiesKey') },
        },
      },
    ]);
    const [region, ...others] = production
      .all('pulumi:providers:aws')
      .filter((made) => made.name === 'CopyRegion');
    expect(others).toEqual([]);
    expect(region!.inputs.region).toBe('eu-west-1');
    const elsewhere = production.resources.filter(
      (made) => made.name === 'CopiesKey' || made.name.startsWith(`${name}Copy`),
    );
    const regional = elsewhere.filter(({ type }) => /^aws:(s3|kms)/.test(type));
    expect(regional.length).toBeGreaterThan(5);
    for (const made of regional) expect(made.options.provider, made.name).toContain('CopyRegion');
  });

  test('has the lifecycle rules of its source', () => {
    expect(rulesOf(`${name}Copy`)).toEqual(rulesOf(name));
    expect(bucket(`${name}Copy`).options).toMatchObject({ protect: true, retainOnDelete: true });
  });

  test('is written with a role that may read the source and write the copy only', () => {
    const policy = JSON.parse(production.one('iam/rolePolicy:RolePolicy', `${name}CopyPolicy`).inputs.policy);
    const object = `arn:aws:s3:::${bucket(name).inputs.bucket}/a`;
    expect(allows(policy, { action: 's3:GetObjectVersionForReplication', resource: object })).toBe(true);
    for (const action of ['s3:GetObject', 's3:DeleteObject', 's3:ReplicateObject'])
      expect(allows(policy, { action, resource: object }), action).toBe(false);
  });
});

/** Runs the state machine of production, and returns its last state. */
function run(service: Service): Promise<string> {
  const { definition } = production.one('sfn/stateMachine:StateMachine').inputs;
  return runStateMachine(JSON.parse(definition) as StateMachine, service);
}

describe('the weekly export', () => {
  const newest = 'arn:aws:rds:eu-central-1:123456789012:cluster-snapshot:rds:portfolio-production-2026-11-08';
  const snapshots = [
    { DbClusterSnapshotArn: 'older', Status: 'available', SnapshotCreateTime: '2026-11-07T02:10:00Z' },
    { DbClusterSnapshotArn: newest, Status: 'available', SnapshotCreateTime: '2026-11-08T02:10:00Z' },
    { DbClusterSnapshotArn: 'not yet whole', Status: 'creating', SnapshotCreateTime: '2026-11-08T04:00:00Z' },
  ];

  /** A fake of RDS with these snapshots, and an export that goes through the given states. */
  function createRds(statuses: string[], known = snapshots) {
    const calls: [string, Record<string, unknown>][] = [];
    const service = (action: string, args: Record<string, unknown>) => {
      calls.push([action, args]);
      if (action === 'describeDBClusterSnapshots') return { DbClusterSnapshots: known };
      if (action === 'startExportTask') return { Status: 'STARTING' };
      return { ExportTasks: [{ Status: statuses.length > 1 ? statuses.shift() : statuses[0] }] };
    };
    return { service, argumentsOf: (action: string) => calls.find(([name]) => name === action)?.[1] };
  }

  test('starts every week', () => {
    const { scheduleExpression, target } = production.one('scheduler/schedule:Schedule').inputs;
    expect(scheduleExpression).toMatch(/^cron\(.* SUN \*\)$/);
    expect(target.arn).toContain('Backup');
  });

  test('exports the newest complete automated snapshot to the bucket, encrypted with the data key', async () => {
    const { service, argumentsOf } = createRds(['STARTING', 'IN_PROGRESS', 'COMPLETE']);
    expect(await run(service)).toBe('Exported');
    const { clusterIdentifier, kmsKeyId } = production.one('rds/cluster:Cluster').inputs;
    expect(argumentsOf('describeDBClusterSnapshots')).toEqual({
      DbClusterIdentifier: clusterIdentifier,
      SnapshotType: 'automated',
    });
    expect(argumentsOf('startExportTask')).toEqual({
      // RDS allows letters, digits and single hyphens, 60 characters at most.
      ExportTaskIdentifier: expect.stringMatching(/^[a-z](-?[a-z0-9])*$/),
      SourceArn: newest,
      S3BucketName: production.one('s3/bucket:Bucket', 'BackupsBucket').inputs.bucket,
      S3Prefix: 'database',
      IamRoleArn: expect.stringContaining('BackupExportRole'),
      KmsKeyId: kmsKeyId,
    });
  });

  test.each(['FAILED', 'CANCELED'])('fails if the export ends as %s', async (status) => {
    expect(await run(createRds(['IN_PROGRESS', status]).service)).toBe('NotExported');
  });

  test('fails without a snapshot', async () => {
    await expect(run(createRds(['COMPLETE'], []).service)).rejects.toThrow('has no result');
  });

  test('continues with an export that an earlier attempt has started', async () => {
    const { service } = createRds(['COMPLETE']);
    const lossy = (action: string, args: Record<string, unknown>) => {
      if (action !== 'startExportTask') return service(action, args);
      throw Object.assign(new Error(), { name: 'Rds.ExportTaskAlreadyExistsException' });
    };
    expect(await run(lossy)).toBe('Exported');
  });

  test('may pass one role to RDS and no other', () => {
    const { Statement } = JSON.parse(
      production.one('iam/rolePolicy:RolePolicy', 'BackupMachinePolicy').inputs.policy,
    );
    const passes = Statement.filter(({ Action }: { Action: string }) => Action === 'iam:PassRole');
    expect(passes.map(({ Resource }: { Resource: string }) => Resource)).toEqual([
      expect.stringContaining('BackupExportRole'),
    ]);
  });
});

test('a stage has a cache in two zones, encrypted, if it is configured', () => {
  expect(production.one('elasticache/replicationGroup:ReplicationGroup').inputs).toMatchObject({
    engine: 'valkey',
    multiAzEnabled: true,
    automaticFailoverEnabled: true,
    transitEncryptionEnabled: true,
    atRestEncryptionEnabled: true,
  });
  expect(staging.all('elasticache/replicationGroup:ReplicationGroup')).toEqual([]);
});

test('all stages except production can be removed with their data', () => {
  for (const app of [staging, personal]) {
    expect(app.one('rds/cluster:Cluster').inputs).toMatchObject({
      deletionProtection: false,
      skipFinalSnapshot: true,
    });
    for (const { inputs, name } of app.all('s3/bucket:Bucket')) expect(inputs.forceDestroy, name).toBe(true);
    const kept = app.resources.filter(({ options }) => options.protect || options.retainOnDelete);
    // Old files of the page and old ConfigMaps are retained for open pages and rollbacks; their bucket or cluster is not.
    const types = kept.filter(({ name }) => !name.startsWith('page/assets/')).map(({ type }) => type);
    expect(new Set(types)).toEqual(new Set(['kubernetes:v1:ConfigMap']));
  }
});

/** Each deployment builds the page again, so the bucket of the page holds no data. */
const isNotThePage = ({ name }: { name: string }) => name !== 'Page';

test('production retains everything that holds data: database, buckets and keys', () => {
  const held = ['rds/cluster:Cluster', 's3/bucket:Bucket', 'kms/key:Key']
    .flatMap((type) => production.all(type))
    .filter(isNotThePage);
  expect(held.length).toBeGreaterThan(5);
  for (const { name, options } of held)
    expect(options, name).toMatchObject({ protect: true, retainOnDelete: true });
  for (const { inputs, name } of production.all('s3/bucket:Bucket').filter(isNotThePage))
    expect(inputs.forceDestroy, name).toBe(false);
});
