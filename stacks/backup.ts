import type { Database } from './database.ts';
import type { Files } from './files.ts';

/** What Aurora does not keep by itself: a snapshot of each week in a bucket, for a year. */
const exportDays = 365;

/** Exports the newest automated snapshot to S3 each week, for the recovery from disasters. */
export function createBackup(database: Database, { key }: Files) {
  const bucket = createBucket(key);
  const exporter = createExportRole(bucket, key);
  const machine = createStateMachine({ clusterArn: database.cluster.arn, bucket, exporter, key });
  const caller = serviceRole('BackupSchedule', 'scheduler.amazonaws.com', [
    { Effect: 'Allow', Action: 'states:StartExecution', Resource: machine.arn },
  ]);
  new aws.scheduler.Schedule('WeeklyExport', {
    scheduleExpression: 'cron(0 4 ? * SUN *)',
    flexibleTimeWindow: { mode: 'FLEXIBLE', maximumWindowInMinutes: 60 },
    target: { arn: machine.arn, roleArn: caller.arn, retryPolicy: { maximumRetryAttempts: 3 } },
  });
  return { bucket, machine };
}

function createBucket(key: aws.kms.Key) {
  const bucket = new sst.aws.Bucket('Backups', { versioning: true });
  new aws.s3.BucketServerSideEncryptionConfiguration('BackupsEncryption', {
    bucket: bucket.name,
    rules: [
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn },
        bucketKeyEnabled: true,
      },
    ],
  });
  new aws.s3.BucketLifecycleConfiguration('BackupsLifecycle', {
    bucket: bucket.name,
    rules: [
      {
        id: 'exports',
        status: 'Enabled',
        filter: { prefix: '' },
        transitions: [{ days: 30, storageClass: 'GLACIER_IR' }],
        expiration: { days: exportDays },
        noncurrentVersionExpiration: { noncurrentDays: 30 },
      },
    ],
  });
  return bucket;
}

/** What RDS writes the export with. */
function createExportRole(bucket: sst.aws.Bucket, key: aws.kms.Key) {
  return serviceRole('BackupExport', 'export.rds.amazonaws.com', [
    {
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
      Resource: $interpolate`${bucket.arn}/*`,
    },
    { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: bucket.arn },
    { Effect: 'Allow', Action: keyActions, Resource: key.arn },
  ]);
}

/** What an export needs of its key ("Exporting DB cluster snapshot data to Amazon S3", Aurora's guide). */
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
  clusterArn: $util.Output<string>;
  bucket: sst.aws.Bucket;
  exporter: aws.iam.Role;
  key: aws.kms.Key;
};

/** Finds the newest automated snapshot and starts its export, named by the execution so that none is started twice. */
function createStateMachine({ clusterArn, bucket, exporter, key }: Parts) {
  const { accountId } = aws.getCallerIdentityOutput();
  const { region } = aws.getRegionOutput();
  const snapshots = $interpolate`arn:aws:rds:${region}:${accountId}:cluster-snapshot:*`;
  const role = serviceRole('BackupMachine', 'states.amazonaws.com', [
    { Effect: 'Allow', Action: 'rds:DescribeDBClusterSnapshots', Resource: [clusterArn, snapshots] },
    { Effect: 'Allow', Action: 'rds:StartExportTask', Resource: snapshots },
    { Effect: 'Allow', Action: 'iam:PassRole', Resource: exporter.arn },
    { Effect: 'Allow', Action: ['kms:DescribeKey', 'kms:CreateGrant'], Resource: key.arn },
  ]);
  const definition = {
    QueryLanguage: 'JSONata',
    StartAt: 'FindSnapshots',
    States: {
      FindSnapshots: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:rds:describeDBClusterSnapshots',
        Arguments: { DbClusterIdentifier: clusterArn, SnapshotType: 'automated' },
        Output: {
          newest:
            "{% $states.result.DbClusterSnapshots[Status = 'available']^(>SnapshotCreateTime)[0].DbClusterSnapshotArn %}",
        },
        Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 5, BackoffRate: 2 }],
        Next: 'StartExport',
      },
      StartExport: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:rds:startExportTask',
        Arguments: {
          ExportTaskIdentifier: "{% 'weekly-' & $substring($states.context.Execution.Name, 0, 40) %}",
          SourceArn: '{% $states.input.newest %}',
          S3BucketName: bucket.name,
          S3Prefix: 'database',
          IamRoleArn: exporter.arn,
          KmsKeyId: key.arn,
        },
        Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 5, BackoffRate: 2 }],
        End: true,
      },
    },
  };
  return new aws.sfn.StateMachine('Backup', { roleArn: role.arn, definition: $jsonStringify(definition) });
}

type Statement = {
  Effect: 'Allow';
  Action: string | string[];
  Resource: $util.Input<string> | $util.Input<string>[];
};

/** A role that an AWS service takes on, with what it may do. */
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
