import { type Rules, createBucket } from './bucket.ts';
import { createKey } from './key.ts';
import type { Stage } from '../stage.ts';

/** A bucket encrypted with the data key, and its lifecycle rules. */
type Source = { bucket: sst.aws.Bucket; rules: Rules };

/**
 * Replicates buckets to another region within minutes, encrypted with a key of that region, so that data survives the
 * loss of a region. Deletions are replicated too, and the copies have the lifecycle rules of their sources.
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
      // Both need versioning before; SST's component configures it in a resource of its own.
      { dependsOn: [source, copy] },
    );
  }
}

type Ends = Record<'source' | 'copy', sst.aws.Bucket> & Record<'key' | 'copyKey', aws.kms.Key>;

const allow = (Action: string[], Resource: $util.Input<string>) => ({ Effect: 'Allow', Action, Resource });

/** The role of S3, with the permissions of "Setting up permissions for live replication" in its documentation. */
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
