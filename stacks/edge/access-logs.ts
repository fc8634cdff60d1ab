import { keptBucket } from '../data/bucket.ts';
import type { Stage } from '../stage.ts';

export type AccessLogs = ReturnType<typeof createAccessLogs>;

/**
 * The bucket for the access logs of load balancers and CloudFront. It has no customer managed key, because load balancers
 * support only S3's own encryption.
 */
export function createAccessLogs(stage: Stage) {
  const { accountId } = aws.getCallerIdentityOutput();
  const bucket = new sst.aws.Bucket('AccessLogs', {
    transform: { bucket: keptBucket(stage) },
    policy: [
      {
        principals: [{ type: 'service', identifiers: ['logdelivery.elasticloadbalancing.amazonaws.com'] }],
        actions: ['s3:PutObject'],
        paths: [$interpolate`*/AWSLogs/${accountId}/*`],
      },
      {
        principals: [{ type: 'service', identifiers: ['delivery.logs.amazonaws.com'] }],
        actions: ['s3:PutObject'],
        paths: ['web/*'],
        conditions: [{ test: 'StringEquals', variable: 'aws:SourceAccount', values: [accountId] }],
      },
    ],
    lifecycle: [{ expiresIn: `${stage.logDays} days` }],
  });
  return { bucket };
}
