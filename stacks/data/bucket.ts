import { type Stage, keep } from '../stage.ts';

/** Lifecycle rules for objects and their noncurrent versions. */
export type Rules = aws.types.input.s3.BucketLifecycleConfigurationRule[];

type Options = {
  key: aws.kms.Key;
  rules: Rules;
  /** The provider of another region; the default is the stage's own region. */
  provider?: aws.Provider;
};

/** A transform for SST's bucket component that protects the bucket and its content in a protected stage. */
export const keptBucket =
  (stage: Stage) =>
  (args: aws.s3.BucketArgs, options: $util.CustomResourceOptions): undefined => {
    args.forceDestroy = !stage.isProtected;
    Object.assign(options, keep(stage));
  };

/**
 * A private, versioned bucket, encrypted with `key`. SST's component blocks public access and adds a policy that denies
 * plain HTTP.
 */
export function createBucket(stage: Stage, name: string, { key, rules, provider }: Options) {
  const options = provider && { provider };
  const bucket = new sst.aws.Bucket(
    name,
    {
      versioning: true,
      // The component's default CORS rules allow pages of every origin to use presigned URLs.
      cors: false,
      transform: { bucket: keptBucket(stage) },
    },
    options,
  );
  new aws.s3.BucketServerSideEncryptionConfiguration(
    `${name}Encryption`,
    {
      bucket: bucket.name,
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn },
          bucketKeyEnabled: true,
        },
      ],
    },
    options,
  );
  new aws.s3.BucketLifecycleConfiguration(`${name}Lifecycle`, { bucket: bucket.name, rules }, options);
  return bucket;
}
