import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testFolder } from '../tests/support/folder.ts';
import { startAws, type AwsServer } from './aws.ts';

let dataDir: string;
let aws: AwsServer;
let sqs: SQSClient;
let s3: S3Client;

beforeEach(async () => {
  dataDir = await testFolder();
  await start();
});

afterEach(() => aws.stop());

async function start(): Promise<void> {
  aws = await startAws({ dataDir });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const settings = { endpoint: aws.endpoint, region: 'eu-central-1', credentials };
  sqs = new SQSClient(settings);
  s3 = new S3Client({ ...settings, forcePathStyle: true });
}

async function createQueue(name: string, attributes: Record<string, string> = {}): Promise<string> {
  const made = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { FifoQueue: 'true', ...attributes } }),
  );
  return made.QueueUrl ?? '';
}

function send(
  queue: string,
  body: string,
  group = 'group',
  MessageSystemAttributes?: SendMessageCommandInput['MessageSystemAttributes'],
) {
  return sqs.send(
    new SendMessageCommand({
      MessageSystemAttributes,
      QueueUrl: queue,
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: body,
    }),
  );
}

/** Receives messages within a few seconds; an empty list if there are none. */
async function receive(queue: string, options: { visibilitySeconds: number }): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queue,
      VisibilityTimeout: options.visibilitySeconds,
      WaitTimeSeconds: 10,
      MessageSystemAttributeNames: ['AWSTraceHeader'],
    }),
  );
  return Messages;
}

test('only 127.0.0.1 responds', async () => {
  expect((await fetch(`${aws.endpoint}/health`)).status).toBe(200);
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ address }) => address !== '127.0.0.1')
    .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
  for (const address of ['127.0.0.2', ...addresses]) {
    const request = fetch(`http://${address}:${aws.port}/health`, { signal: AbortSignal.timeout(2000) });
    const answer = await request.then(({ status }) => `${address} answers ${status}`).catch(() => 'nothing');
    expect(answer).toBe('nothing');
  }
});

test('messages of a group are received in order, each after the previous one is deleted', async () => {
  const queue = await createQueue('jobs.fifo');
  await send(queue, 'first');
  await send(queue, 'second');
  for (const body of ['first', 'second']) {
    const [message] = await receive(queue, { visibilitySeconds: 60 });
    expect(message?.Body).toBe(body);
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: message?.ReceiptHandle }));
  }
});

test('a message that is never deleted is moved to the dead-letter queue', async () => {
  const deadLetters = await createQueue('dead.fifo');
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetters, AttributeNames: ['QueueArn'] }),
  );
  const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 1 };
  const queue = await createQueue('jobs.fifo', { RedrivePolicy: JSON.stringify(policy) });
  await send(queue, 'poison');
  expect(await receive(queue, { visibilitySeconds: 1 })).toHaveLength(1);
  const [dead, [message]] = await Promise.all([
    receive(deadLetters, { visibilitySeconds: 60 }),
    receive(queue, { visibilitySeconds: 60 }),
  ]);
  expect(message).toBeUndefined();
  expect(dead.map(({ Body }) => Body)).toEqual(['poison']);
});

test('the trace of a message is a system attribute of it, for whoever receives it, again and after a restart', async () => {
  const queue = await createQueue('jobs.fifo');
  const header = 'Root=1-65f0c1a2-65f0c1a2000000000000000a;Parent=00f067aa0ba902b7;Sampled=1';
  const attributes = { AWSTraceHeader: { DataType: 'String', StringValue: header } };
  await send(queue, 'traced', 'one', attributes);
  await send(queue, 'untraced', 'two');
  for (const visibilitySeconds of [1, 60]) {
    const messages = [];
    while (messages.length < 2) messages.push(...(await receive(queue, { visibilitySeconds })));
    const traces = messages.map(({ Body, Attributes, MessageAttributes }) => ({
      [Body!]: Attributes?.AWSTraceHeader,
      attributes: Object.keys(MessageAttributes ?? {}),
    }));
    expect(traces).toEqual([
      { traced: header, attributes: [] },
      { untraced: undefined, attributes: [] },
    ]);
    await aws.stop();
    await start();
  }
});

test('a message that is returned is received again, and so is its group', async () => {
  const queue = await createQueue('jobs.fifo');
  await send(queue, 'returned');
  const [message] = await receive(queue, { visibilitySeconds: 60 });
  await sqs.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queue,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 0,
    }),
  );
  const [again] = await receive(queue, { visibilitySeconds: 60 });
  expect(again?.Body).toBe('returned');
});

test('messages survive a restart on another port, one in flight under its receipt handle', async () => {
  const queue = await createQueue('jobs.fifo');
  await send(queue, 'in flight', 'one');
  const [inFlight] = await receive(queue, { visibilitySeconds: 60 });
  await send(queue, 'behind it', 'one');
  await send(queue, 'waiting', 'two');
  await aws.stop();
  await start();
  expect(await createQueue('jobs.fifo')).toBe(queue);
  const [waiting] = await receive(queue, { visibilitySeconds: 60 });
  expect(waiting?.Body).toBe('waiting');
  await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: inFlight?.ReceiptHandle }));
  const [behind] = await receive(queue, { visibilitySeconds: 60 });
  expect(behind?.Body).toBe('behind it');
});

test('an object retains its headers over a restart, and a plain request can download it', async () => {
  const contentDisposition = 'attachment; filename="study.pdf"';
  await s3.send(new CreateBucketCommand({ Bucket: 'files' }));
  await s3.send(
    new PutObjectCommand({
      Bucket: 'files',
      Key: 'exports/study.pdf',
      Body: 'the bytes',
      ContentType: 'application/pdf',
      ContentDisposition: contentDisposition,
    }),
  );
  await aws.stop();
  await start();
  const response = await fetch(`${aws.endpoint}/files/exports/study.pdf`);
  expect(await response.text()).toBe('the bytes');
  expect(response.headers.get('content-type')).toBe('application/pdf');
  expect(response.headers.get('content-disposition')).toBe(contentDisposition);
});

test('12 MB are uploaded in parts and survive a restart', async () => {
  const target = { Bucket: 'files', Key: 'large' };
  await s3.send(new CreateBucketCommand({ Bucket: 'files' }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const bodies = ['a', 'b'].map((letter) => Buffer.alloc(6 * 1024 * 1024, letter));
  const parts = await Promise.all(
    bodies.map(async (body, index) => {
      const part = { ...target, UploadId, PartNumber: index + 1 };
      const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: body }));
      return { ETag, PartNumber: part.PartNumber };
    }),
  );
  await s3.send(
    new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: parts } }),
  );
  await aws.stop();
  await start();
  const { Body } = await s3.send(new GetObjectCommand(target));
  const bytes = await Body?.transformToByteArray();
  expect(Buffer.concat(bodies).equals(bytes ?? Buffer.alloc(0))).toBe(true);
});

test('stopping ends a waiting receive, and is idempotent', async () => {
  const queue = await createQueue('jobs.fifo');
  const waiting = receive(queue, { visibilitySeconds: 60 }).catch(() => 'ended');
  await aws.stop();
  await aws.stop();
  expect(await waiting).toBe('ended');
});

test('the error for a busy port names the port', async () => {
  await expect(startAws({ port: aws.port })).rejects.toThrow(`Port ${aws.port} on 127.0.0.1 is busy`);
});

test('the error for a damaged folder names it and says what to do', async () => {
  await aws.stop();
  await writeFile(join(dataDir, 'fauxqs.db'), 'this is not what it was'.repeat(100));
  await expect(startAws({ dataDir })).rejects.toThrow(`${dataDir}. Restore a backup of that folder`);
});
