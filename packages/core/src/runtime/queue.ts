import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { idOf } from '../ids.ts';
import { type AwsSettings, clientOptions, guardClient, promptMilliseconds } from './aws.ts';
import { createBreaker } from './breaker.ts';
import type { Logger } from './log.ts';

/**
 * The content of a message: the job, and its kind, since a worker without a free slot for that kind leaves it to others.
 * Everything else is in the database.
 */
const bodySchema = z.object({ jobId: idOf('job'), kind: z.string() });

/** A message; `job` is null if it cannot be parsed. */
export type Received = { job: z.infer<typeof bodySchema> | null; receipt: string };

/** An SQS FIFO queue, behind a circuit breaker. */
export type Queue = ReturnType<typeof openQueue>;

export function openQueue(aws: AwsSettings, url: string, log: Logger) {
  const client = new SQSClient({
    ...clientOptions(aws, { requestTimeout: promptMilliseconds }),
    useQueueUrlAsEndpoint: aws.endpoint === undefined,
  });
  const QueueUrl = url;
  const check = (abortSignal?: AbortSignal) =>
    client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }), { abortSignal });
  const breaker = createBreaker(`SQS (${url.split('/').at(-1)})`, log, { failures: 3, probe: check });
  guardClient(client, breaker, 'GetQueueAttributesCommand');
  return {
    /** Sends up to ten messages; resolves to the ids of those that the queue accepted. */
    async send(messages: { id: string; groupKey: string; jobId: string; kind: string }[]): Promise<string[]> {
      const { Successful = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl,
          Entries: messages.map(({ id, groupKey, ...body }) => ({
            Id: id,
            MessageBody: JSON.stringify(body satisfies z.infer<typeof bodySchema>),
            MessageGroupId: groupKey,
            // With the job's id, since the numbers repeat after a backup was restored.
            MessageDeduplicationId: `${body.jobId}-${id}`,
          })),
        }),
      );
      return Successful.flatMap(({ Id }) => Id ?? []);
    },

    /** Waits up to `waitSeconds` for a message and hides it for `visibilitySeconds`. */
    async receive(waitSeconds: number, visibilitySeconds: number): Promise<Received | null> {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 1,
          WaitTimeSeconds: waitSeconds,
          VisibilityTimeout: Math.ceil(visibilitySeconds),
        }),
        { requestTimeout: waitSeconds * 1000 + promptMilliseconds },
      );
      const [message] = Messages;
      if (!message?.ReceiptHandle) return null;
      return { job: readBody(message.Body), receipt: message.ReceiptHandle };
    },

    async extend({ receipt }: Received, visibilitySeconds: number): Promise<void> {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: receipt,
          VisibilityTimeout: Math.ceil(visibilitySeconds),
        }),
      );
    },

    async remove({ receipt }: Received): Promise<void> {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt }));
    },

    check,

    close() {
      breaker.stop();
      client.destroy();
    },
  };
}

function readBody(body: string | undefined): Received['job'] {
  try {
    return bodySchema.parse(JSON.parse(body ?? ''));
  } catch {
    return null;
  }
}
