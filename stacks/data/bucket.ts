import { type Stage, keep } from '../stage.ts';

/** What becomes of objects and of their former versions. */
export type Rules = aws.types.input.s3.BucketLifecycleConfigurationRule[];

type Options = {
  key: aws.kms.Key;
  rules: Rules;
  /** Of another region than the stage's. */
  provider?: aws.Provider;
};

/** What SST makes a bucket of, kept with all that is in it where the stage is protected. */
export const keptBucket =
  (stage: Stage) =>
  (args: aws.s3.BucketArgs, options: $util.CustomResourceOptions): undefined => {
    args.forceDestroy = !stage.isProtected;
    Object.assign(options, keep(stage));
  };

/**
 * A bucket that nobody but roles of ours reaches, encrypted with `key`, with all versions of what was there. SST's
 * component closes it to the public, and has its policy refuse plain http.
 */
export function createBucket(stage: Stage, name: string, { key, rules, provider }: Options) {
  const options = provider && { provider };
  const bucket = new sst.aws.Bucket(
    name,
    {
      versioning: true,
      // By default pages of all origins may use it, be it with a link that was signed for somebody.
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
