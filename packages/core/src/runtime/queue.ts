import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { type SpanContext, activeSpan } from '../telemetry/trace.ts';
import { type AwsSettings, clientOptions, guardClient, promptMilliseconds } from './aws.ts';
import { createBreaker } from './breaker.ts';
import type { Logger } from './log.ts';
import { readXrayHeader, writeXrayHeader } from './xray-header.ts';

/** A received message, with the receipt that removes it, and the place in a trace from which it was sent. */
export type Received = { body: string; receipt: string; cause?: SpanContext | undefined };

/** SQS FIFO queues by name, behind one circuit breaker. */
export type Queues<Name extends string> = ReturnType<typeof openQueues<Name>>;

const traceHeader = (place: SpanContext) => ({ DataType: 'String', StringValue: writeXrayHeader(place) });

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
    /** Sends a message of a group of its own: no message waits for another. It carries the place in the trace, if any. */
    async send(name: Name, body: string): Promise<void> {
      const id = randomUUID();
      const span = activeSpan();
      await client.send(
        new SendMessageCommand({
          QueueUrl: urls[name],
          MessageBody: body,
          MessageGroupId: id,
          MessageDeduplicationId: id,
          ...(span && { MessageSystemAttributes: { AWSTraceHeader: traceHeader(span.spanContext()) } }),
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
          MessageSystemAttributeNames: ['AWSTraceHeader'],
        }),
        { requestTimeout: waitSeconds * 1000 + promptMilliseconds },
      );
      return Messages.flatMap(({ Body = '', ReceiptHandle, Attributes }) =>
        ReceiptHandle === undefined
          ? []
          : { body: Body, receipt: ReceiptHandle, cause: readXrayHeader(Attributes?.AWSTraceHeader) },
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
