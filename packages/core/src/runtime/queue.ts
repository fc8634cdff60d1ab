import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { type AwsSettings, clientOptions, guardClient, promptMilliseconds } from './aws.ts';
import { createBreaker } from './breaker.ts';
import type { Logger } from './log.ts';

/** A received message, with the receipt that removes it. */
export type Received = { body: string; receipt: string };

/** SQS FIFO queues by name, behind one circuit breaker. */
export type Queues<Name extends string> = ReturnType<typeof openQueues<Name>>;

export function openQueues<Name extends string>(aws: AwsSettings, urls: Record<Name, string>, log: Logger) {
  const client = new SQSClient({
    ...clientOptions(aws, { requestTimeout: promptMilliseconds }),
    useQueueUrlAsEndpoint: aws.endpoint === undefined,
  });
  const check = (abortSignal?: AbortSignal) =>
    Promise.all(
      Object.values<string>(urls).map((QueueUrl) =>
        client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }), {
          abortSignal,
        }),
      ),
    );
  const breaker = createBreaker('SQS', log, { failures: 3, probe: check, reportedAs: 'sqs' });
  guardClient(client, breaker, 'GetQueueAttributesCommand');
  return {
    /** Sends a message of a group of its own: no message waits for another. */
    async send(name: Name, body: string): Promise<void> {
      const id = randomUUID();
      await client.send(
        new SendMessageCommand({
          QueueUrl: urls[name],
          MessageBody: body,
          MessageGroupId: id,
          MessageDeduplicationId: id,
        }),
      );
    },

    /** Waits up to `waitSeconds` for messages, and resolves to ten at most. */
    async receive(name: Name, waitSeconds: number): Promise<Received[]> {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: urls[name],
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: waitSeconds,
        }),
        { requestTimeout: waitSeconds * 1000 + promptMilliseconds },
      );
      return Messages.flatMap(({ Body = '', ReceiptHandle }) =>
        ReceiptHandle === undefined ? [] : { body: Body, receipt: ReceiptHandle },
      );
    },

    /** Removes received messages. Those that could not be removed come again. */
    async remove(name: Name, messages: readonly Received[]): Promise<void> {
      const Entries = messages.map(({ receipt }, at) => ({ Id: String(at), ReceiptHandle: receipt }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: urls[name], Entries }));
    },

    check,

    close() {
      breaker.stop();
      client.destroy();
    },
  };
}
