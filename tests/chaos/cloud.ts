import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SQSClient,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { createCloudResources } from '../../dev/cloud.ts';

type Cloud = Awaited<ReturnType<typeof createCloudResources>>;

/** The queues and the bucket, accessed without taps. */
export function openCloud(cloud: Cloud, started: AsyncDisposableStack) {
  const options = {
    region: cloud.AWS_REGION,
    endpoint: cloud.AWS_ENDPOINT_URL,
    credentials: { accessKeyId: cloud.AWS_ACCESS_KEY_ID, secretAccessKey: cloud.AWS_SECRET_ACCESS_KEY },
  };
  const s3 = started.adopt(new S3Client({ ...options, forcePathStyle: true }), (open) => open.destroy());
  const sqs = started.adopt(new SQSClient(options), (open) => open.destroy());
  const queues = queuesOf(cloud);

  /** Includes messages that a worker has received. */
  async function countIn(QueueUrl: string): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] });
    const { Attributes = {} } = await sqs.send(command);
    return names.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  }
  const ofEachQueue = <Value>(act: (url: string) => Promise<Value>) => Promise.all(queues.map(act));

  return {
    /** Sends a message to the queue of exports. */
    async sendMessage(body: string) {
      const id = randomUUID();
      const message = { MessageBody: body, MessageGroupId: id, MessageDeduplicationId: id };
      await sqs.send(new SendMessageCommand({ QueueUrl: queues[0], ...message }));
    },
    /** The number of messages in the queues, including those that a worker has received. */
    async countMessages(): Promise<number> {
      const counts = await ofEachQueue(countIn);
      return counts.reduce((sum, count) => sum + count, 0);
    },
    countDeadLetters: () => countIn(cloud.DEAD_LETTER_QUEUE_URL),
    /** Sets for how long received messages are hidden from other receivers. */
    async setVisibilityTimeout(timeoutSeconds: number) {
      const Attributes = { VisibilityTimeout: String(timeoutSeconds) };
      await ofEachQueue((QueueUrl) => sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes })));
    },
    /** Removes all messages. */
    async purgeQueues() {
      await ofEachQueue((QueueUrl) => sqs.send(new PurgeQueueCommand({ QueueUrl })));
    },
    /** Deletes the queues with their messages, until `createQueues`. */
    async deleteQueues() {
      await ofEachQueue((QueueUrl) => sqs.send(new DeleteQueueCommand({ QueueUrl })));
    },
    async createQueues() {
      await createCloudResources(cloud.AWS_ENDPOINT_URL);
    },
    /** Resolves to null if the file does not exist. */
    async readFile(key: string): Promise<Uint8Array | null> {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: cloud.BUCKET_NAME, Key: key }));
        return (await Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },
  };
}

/** The URLs of the queues, that of exports first. */
const queuesOf = ({ QUEUE_URLS }: Cloud): string[] =>
  [...QUEUE_URLS.matchAll(/=([^,]+)/g)].map(([, url]) => url!);
