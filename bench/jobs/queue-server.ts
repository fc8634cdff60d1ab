// SQS and S3 in a process of their own, so that their processor time is not that of the benchmark.
import { ListQueuesCommand, PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startAws } from '../../dev/aws.ts';
import { createCloudResources } from '../../dev/cloud.ts';
import { serve } from './serve.ts';

let sqs: SQSClient;

serve({
  async open() {
    const { endpoint } = await startAws();
    const cloud = await createCloudResources(endpoint);
    sqs = new SQSClient({ region: cloud.AWS_REGION, endpoint });
    return cloud;
  },
  /** Removes all messages of all queues. */
  async purge() {
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    await Promise.all(QueueUrls.map((QueueUrl) => sqs.send(new PurgeQueueCommand({ QueueUrl }))));
  },
});
