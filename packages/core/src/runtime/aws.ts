import type { S3ClientConfig } from '@aws-sdk/client-s3';

export type AwsSettings = { region: string; endpoint: string | undefined };

/** Longer than the longest poll of a queue, 20 s. */
const requestTimeout = 30_000;

/** What all AWS clients are made with: few, short tries, since the callers have their own ways to wait. */
export function clientOptions({ region, endpoint }: AwsSettings) {
  return {
    region,
    ...(endpoint && { endpoint }),
    maxAttempts: 2,
    // Without the last one, a silent server is only complained of, and waited for without end.
    requestHandler: { connectionTimeout: 2000, requestTimeout, throwOnRequestTimeout: true },
  } satisfies S3ClientConfig;
}
