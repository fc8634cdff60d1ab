import { BucketAlreadyOwnedByYou, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { jobKinds } from '@portfolio/core/job/kinds';

const region = 'us-east-1';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const deadLetterQueueName = 'portfolio-jobs-dead.fifo';
const bucketName = 'portfolio-assets';
/** A message received this often has ended its worker each time, since workers remove messages at once. */
const maxReceiveCount = 10;

/** Creates queues, dead-letter queue and bucket at a local endpoint if missing; resolves to the settings for them. */
export async function createCloudResources(endpoint: string) {
  const client = { endpoint, region, credentials };
  const sqs = new SQSClient(client);
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  const createQueue = async (name: string, attributes: Record<string, string>) => {
    const Attributes = { FifoQueue: 'true', ...attributes };
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return QueueUrl!;
  };
  try {
    const deadLetterUrl = await createQueue(deadLetterQueueName, {});
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: deadLetterUrl, AttributeNames: ['QueueArn'] }),
    );
    const redrive = { deadLetterTargetArn: Attributes!.QueueArn, maxReceiveCount };
    const queueUrls = await Promise.all(
      Object.keys(jobKinds).map(async (kind) => {
        const name = `portfolio-${kind.replace('.', '-')}.fifo`;
        return `${kind}=${await createQueue(name, { RedrivePolicy: JSON.stringify(redrive) })}`;
      }),
    );
    await s3.send(new CreateBucketCommand({ Bucket: bucketName })).catch((error: unknown) => {
      if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
    });
    return {
      AWS_REGION: region,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      QUEUE_URLS: queueUrls.join(),
      DEAD_LETTER_QUEUE_URL: deadLetterUrl,
      BUCKET_NAME: bucketName,
    };
  } finally {
    sqs.destroy();
    s3.destroy();
  }
}
