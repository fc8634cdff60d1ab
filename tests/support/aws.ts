import { startAws, type AwsServer } from '../../dev/aws.ts';

/** Starts SQS and S3 for a test file, in its process, in memory and empty, on a free port. */
export function testAws(): Promise<AwsServer> {
  return startAws();
}
