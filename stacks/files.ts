import type { Stage } from './stage.ts';

export type Files = ReturnType<typeof createFiles>;

/** What was removed or replaced by mistake can be brought back for as long as a state of the database can. */
const keptDays = 35;

/** The bucket for files, and the key with which all data is encrypted. */
export function createFiles(stage: Stage) {
  const key = new aws.kms.Key('DataKey', {
    description: 'Encrypts the database, its snapshots and the buckets',
    enableKeyRotation: true,
    deletionWindowInDays: stage.isProtected ? 30 : 7,
  });
  return { key, bucket: createBucket(key) };
}

/** Private, encrypted, with all versions of what was there; SST's component has its policy refuse plain http. */
function createBucket(key: aws.kms.Key) {
  const bucket = new sst.aws.Bucket('Files', {
    versioning: true,
    transform: {
      bucket: (args) => {
        args.forceDestroy = false;
      },
    },
  });
  new aws.s3.BucketServerSideEncryptionConfiguration('FilesEncryption', {
    bucket: bucket.name,
    rules: [
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn },
        bucketKeyEnabled: true,
      },
    ],
  });
  new aws.s3.BucketLifecycleConfiguration('FilesLifecycle', {
    bucket: bucket.name,
    rules: [
      {
        id: 'unfinished-uploads',
        status: 'Enabled',
        filter: { prefix: '' },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
      },
      {
        id: 'old-versions',
        status: 'Enabled',
        filter: { prefix: '' },
        noncurrentVersionExpiration: { noncurrentDays: keptDays },
        expiration: { expiredObjectDeleteMarker: true },
      },
    ],
  });
  return bucket;
}
