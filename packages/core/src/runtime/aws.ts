import type { S3ClientConfig } from '@aws-sdk/client-s3';

export type AwsSettings = { region: string; endpoint: string | undefined };

/** What all AWS clients are made with: few, short tries, since the callers have their own ways to wait. */
export function clientOptions({ region, endpoint }: AwsSettings) {
  return {
    region,
    ...(endpoint && { endpoint }),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 30_000 },
  } satisfies S3ClientConfig;
}
