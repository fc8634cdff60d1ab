import { type Rules, createBucket } from './bucket.ts';
import type { Database } from './database.ts';
import type { Files } from './files.ts';
import type { Stage } from '../stage.ts';

/**
 * How long weekly exports are kept, for the loss of the cluster with its snapshots. They contain what was deleted or erased
 * since, so they are kept no longer than it takes to notice a loss.
 */
const exportDays = 90;

/** Exports the newest automated snapshot to S3 each week, for disaster recovery. */
export function createBackup(stage: Stage, { cluster }: Database, { key }: Files) {
  const rules: Rules = [
    {
      id: 'exports',
      status: 'Enabled',
      filter: { prefix: '' },
      transitions: [{ days: 30, storageClass: 'GLACIER_IR' }],
      expiration: { days: exportDays },
      noncurrentVersionExpiration: { noncurrentDays: 30 },
    },
  ];
  const bucket = createBucket(stage, 'Backups', { key, rules });
  const exporter = createExportRole(bucket, key);
  const machine = createStateMachine({ cluster, bucket, exporter, key });
  const caller = serviceRole('BackupSchedule', 'scheduler.amazonaws.com', [
    { Effect: 'Allow', Action: 'states:StartExecution', Resource: machine.arn },
  ]);
  new aws.scheduler.Schedule('WeeklyExport', {
    scheduleExpression: 'cron(0 4 ? * SUN *)',
    flexibleTimeWindow: { mode: 'FLEXIBLE', maximumWindowInMinutes: 60 },
    target: { arn: machine.arn, roleArn: caller.arn, retryPolicy: { maximumRetryAttempts: 3 } },
  });
  return { bucket, rules };
}

/** The role with which RDS writes an export to the bucket. */
function createExportRole(bucket: sst.aws.Bucket, key: aws.kms.Key) {
  return serviceRole('BackupExport', 'export.rds.amazonaws.com', [
    {
      Effect: 'Allow',
      // The actions that AWS documents in "Exporting DB cluster snapshot data to Amazon S3".
      Action: ['s3:PutObject*', 's3:GetObject*', 's3:DeleteObject*'],
      Resource: $interpolate`${bucket.arn}/*`,
    },
    { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: bucket.arn },
    { Effect: 'Allow', Action: keyActions, Resource: key.arn },
  ]);
}

/** The permissions on the key that an export needs, according to the same page. */
const keyActions = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:RetireGrant',
];

type Parts = {
  cluster: aws.rds.Cluster;
  bucket: sst.aws.Bucket;
  exporter: aws.iam.Role;
  key: aws.kms.Key;
};

function createStateMachine({ cluster, bucket, exporter, key }: Parts) {
  const { accountId } = aws.getCallerIdentityOutput();
  const { region } = aws.getRegionOutput();
  const snapshots = $interpolate`arn:aws:rds:${region}:${accountId}:cluster-snapshot:*`;
  const role = serviceRole('BackupMachine', 'states.amazonaws.com', [
    { Effect: 'Allow', Action: 'rds:DescribeDBClusterSnapshots', Resource: [cluster.arn, snapshots] },
    // AWS supports no resource-level permissions for exports; the exporter's role limits what is read and written.
    { Effect: 'Allow', Action: ['rds:StartExportTask', 'rds:DescribeExportTasks'], Resource: '*' },
    { Effect: 'Allow', Action: 'iam:PassRole', Resource: exporter.arn },
    { Effect: 'Allow', Action: ['kms:DescribeKey', 'kms:CreateGrant'], Resource: key.arn },
  ]);
  const definition = weeklyExport({
    cluster: cluster.id,
    bucket: bucket.name,
    role: exporter.arn,
    key: key.arn,
  });
  return new aws.sfn.StateMachine('Backup', { roleArn: role.arn, definition: $jsonStringify(definition) });
}

/**
 * Finds the newest automated snapshot, starts its export, and waits until it ends, so that the execution fails if the
 * export fails. The export is named after the execution, so that a retry does not start a second one.
 */
function weeklyExport(names: Record<'cluster' | 'bucket' | 'role' | 'key', $util.Output<string>>) {
  const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 5, BackoffRate: 2 }];
  const task = (name: string) => ({ Type: 'Task', Resource: `arn:aws:states:::aws-sdk:rds:${name}`, Retry });
  const ExportTaskIdentifier = "{% 'weekly-' & $substring($states.context.Execution.Name, 0, 36) %}";
  return {
    QueryLanguage: 'JSONata',
    StartAt: 'FindSnapshot',
    States: {
      FindSnapshot: {
        ...task('describeDBClusterSnapshots'),
        Arguments: { DbClusterIdentifier: names.cluster, SnapshotType: 'automated' },
        Output:
          "{% $states.result.DbClusterSnapshots[Status = 'available']^(>SnapshotCreateTime)[0].DbClusterSnapshotArn %}",
        Next: 'StartExport',
      },
      StartExport: {
        ...task('startExportTask'),
        Arguments: {
          ExportTaskIdentifier,
          SourceArn: '{% $states.input %}',
          S3BucketName: names.bucket,
          S3Prefix: 'database',
          IamRoleArn: names.role,
          KmsKeyId: names.key,
        },
        Catch: [{ ErrorEquals: ['Rds.ExportTaskAlreadyExistsException'], Next: 'Wait' }],
        Next: 'Wait',
      },
      Wait: { Type: 'Wait', Seconds: 600, Next: 'LookAtExport' },
      LookAtExport: {
        ...task('describeExportTasks'),
        Arguments: { ExportTaskIdentifier },
        Output: '{% $states.result.ExportTasks[0].Status %}',
        Next: 'IsExported',
      },
      IsExported: {
        Type: 'Choice',
        Choices: [
          { Condition: "{% $states.input = 'COMPLETE' %}", Next: 'Exported' },
          { Condition: "{% $states.input in ['FAILED', 'CANCELED'] %}", Next: 'NotExported' },
        ],
        Default: 'Wait',
      },
      Exported: { Type: 'Succeed' },
      NotExported: { Type: 'Fail', Error: 'ExportFailed', Cause: '{% $states.input %}' },
    },
  };
}

type Statement = {
  Effect: 'Allow';
  Action: string | string[];
  Resource: $util.Input<string> | $util.Input<string>[];
};

/** A role that an AWS service assumes, with its permissions. */
function serviceRole(name: string, service: string, statements: Statement[]) {
  const role = new aws.iam.Role(`${name}Role`, {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: service }),
  });
  new aws.iam.RolePolicy(`${name}Policy`, {
    role: role.name,
    policy: $jsonStringify({ Version: '2012-10-17', Statement: statements }),
  });
  return role;
}
