import { type Rules, createBucket } from './bucket.ts';
import { createKey } from './key.ts';
import type { Stage } from '../stage.ts';

/** A bucket that is encrypted with the key of data, and what becomes of what is in it. */
type Source = { bucket: sst.aws.Bucket; rules: Rules };

/**
 * Copies of buckets in another region, made by S3 within minutes of a change and kept under a key of that region: what is
 * left where a region is lost. What is removed is removed there as well; rules are those of the source.
 */
export function createReplication(stage: Stage, key: aws.kms.Key, sources: Record<string, Source>) {
  const { copyRegion: region } = stage;
  if (!region) return;
  const tags = { 'sst:app': $app.name, 'sst:stage': stage.name };
  const provider = new aws.Provider('CopyRegion', { region, defaultTags: { tags } });
  const copyKey = createKey(stage, 'CopiesKey', 'Encrypts the copies of buckets', provider);
  for (const [name, { bucket: source, rules }] of Object.entries(sources)) {
    const copy = createBucket(stage, `${name}Copy`, { key: copyKey, rules, provider });
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
      // Both have to keep versions by then, which is said beside the bucket.
      { dependsOn: [source, copy] },
    );
  }
}

type Ends = Record<'source' | 'copy', sst.aws.Bucket> & Record<'key' | 'copyKey', aws.kms.Key>;

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
