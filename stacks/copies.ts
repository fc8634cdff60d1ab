import { createKey } from './key.ts';
import { type Stage, keep } from './stage.ts';

/** A bucket that is encrypted with `key`; what expires in it by itself after `days` does so in its copy, too. */
type Source = { bucket: sst.aws.Bucket; days?: number };

/** How long what was removed or replaced can be brought back, as in the buckets themselves. */
const keptDays = 35;

/**
 * Copies of buckets in another region, made by S3 within minutes of a change and kept under a key of that region: what is
 * left where a region is lost. What is removed is removed there as well.
 */
export function createCopies(stage: Stage, key: aws.kms.Key, sources: Record<string, Source>) {
  const { copyRegion: region } = stage;
  if (!region) return;
  const copyKey = createKey(stage, 'CopiesKey', 'Encrypts the copies of buckets', region);
  for (const [name, { bucket: source, days }] of Object.entries(sources)) {
    const copy = createCopy(stage, `${name}Copy`, { key: copyKey, region, days });
    const role = createRole(name, { source, copy, key, copyKey });
    new aws.s3.BucketReplicationConfig(
      `${name}Replication`,
      {
        bucket: source.name,
        role: role.arn,
        rules: [
          {
            id: 'all',
            priority: 1,
            status: 'Enabled',
            filter: { prefix: '' },
            deleteMarkerReplication: { status: 'Enabled' },
            sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
            destination: {
              bucket: copy.arn,
              encryptionConfiguration: { replicaKmsKeyId: copyKey.arn },
              storageClass: 'STANDARD_IA',
            },
          },
        ],
      },
      { dependsOn: [copy.versioning] },
    );
  }
}

type Copy = { key: aws.kms.Key; region: string; days: number | undefined };

/** SST's component makes buckets in the region of the stage alone. */
function createCopy(stage: Stage, name: string, { key, region, days }: Copy) {
  const { id: bucket, arn } = new aws.s3.Bucket(
    name,
    { region, forceDestroy: !stage.isProtected },
    keep(stage),
  );
  const versioning = new aws.s3.BucketVersioning(`${name}Versioning`, {
    bucket,
    region,
    versioningConfiguration: { status: 'Enabled' },
  });
  new aws.s3.BucketPublicAccessBlock(`${name}Access`, {
    bucket,
    region,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new aws.s3.BucketServerSideEncryptionConfiguration(`${name}Encryption`, {
    bucket,
    region,
    rules: [
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn },
        bucketKeyEnabled: true,
      },
    ],
  });
  new aws.s3.BucketLifecycleConfiguration(`${name}Lifecycle`, {
    bucket,
    region,
    rules: [
      {
        id: 'old-versions',
        status: 'Enabled',
        filter: { prefix: '' },
        noncurrentVersionExpiration: { noncurrentDays: keptDays },
        expiration: days === undefined ? { expiredObjectDeleteMarker: true } : { days },
      },
    ],
  });
  new aws.s3.BucketPolicy(`${name}Policy`, {
    bucket,
    region,
    policy: $jsonStringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'RefusePlainHttp',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [arn, $interpolate`${arn}/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    }),
  });
  return { arn, versioning };
}

type Ends = {
  source: sst.aws.Bucket;
  copy: { arn: $util.Output<string> };
  key: aws.kms.Key;
  copyKey: aws.kms.Key;
};

const allow = (Action: string[], Resource: $util.Input<string>) => ({ Effect: 'Allow', Action, Resource });

/** What S3 copies with ("Setting up permissions for live replication"). */
function createRole(name: string, { source, copy, key, copyKey }: Ends) {
  const role = new aws.iam.Role(`${name}CopyRole`, {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: 's3.amazonaws.com' }),
  });
  new aws.iam.RolePolicy(`${name}CopyPolicy`, {
    role: role.name,
    policy: $jsonStringify({
      Version: '2012-10-17',
      Statement: [
        allow(['s3:GetReplicationConfiguration', 's3:ListBucket'], source.arn),
        allow(
          ['s3:GetObjectVersionForReplication', 's3:GetObjectVersionAcl', 's3:GetObjectVersionTagging'],
          $interpolate`${source.arn}/*`,
        ),
        allow(['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'], $interpolate`${copy.arn}/*`),
        allow(['kms:Decrypt'], key.arn),
        allow(['kms:Encrypt', 'kms:GenerateDataKey'], copyKey.arn),
      ],
    }),
  });
  return role;
}
