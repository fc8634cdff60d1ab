import { workerSettings } from '../../packages/core/src/runtime/settings.ts';
import { createKey } from './key.ts';
import type { Stage } from '../stage.ts';

export type Messaging = ReturnType<typeof createMessaging>;

/** A message received this often probably crashes the worker: its job is marked dead (docs/jobs.md). */
const maxReceives = 10;
const twoWeeksSeconds = 14 * 24 * 3600;

/** The FIFO queue that wakes workers for jobs, and its dead-letter queue. */
export function createMessaging(stage: Stage) {
  const key = createKey(stage, 'QueueKey', 'Encrypts messages');
  const queue = {
    kmsMasterKeyId: key.arn,
    // High throughput mode: limits apply to each message group, and each group of jobs is one.
    deduplicationScope: 'messageGroup',
    fifoThroughputLimit: 'perMessageGroupId',
    messageRetentionSeconds: twoWeeksSeconds,
  };
  const deadLetters = new sst.aws.Queue('DeadLetters', { fifo: true, transform: { queue } });
  const jobs = new sst.aws.Queue('Jobs', {
    fifo: true,
    // Workers extend the visibility timeout together with the lease of their job.
    visibilityTimeout: `${workerSettings.shape.LEASE_SECONDS.parse(undefined)} seconds`,
    dlq: { queue: deadLetters.arn, retry: maxReceives },
    transform: { queue },
  });
  refusePlainHttp('Jobs', jobs);
  refusePlainHttp('DeadLetters', deadLetters);
  new aws.sqs.RedriveAllowPolicy('DeadLettersFromJobs', {
    queueUrl: deadLetters.url,
    redriveAllowPolicy: $jsonStringify({ redrivePermission: 'byQueue', sourceQueueArns: [jobs.arn] }),
  });
  return { jobs, deadLetters, key };
}

/** Denies plain HTTP for everybody. Permissions to use the queue are in the policies of roles. */
function refusePlainHttp(name: string, queue: sst.aws.Queue) {
  new aws.sqs.QueuePolicy(`${name}Policy`, {
    queueUrl: queue.url,
    policy: $jsonStringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'RefusePlainHttp',
          Effect: 'Deny',
          Principal: '*',
          Action: 'sqs:*',
          Resource: queue.arn,
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    }),
  });
}
