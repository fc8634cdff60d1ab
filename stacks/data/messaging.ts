import { workerSettings } from '../../packages/core/src/runtime/settings.ts';
import { createKey } from './key.ts';
import type { Stage } from '../stage.ts';

export type Messaging = ReturnType<typeof createMessaging>;

/** A message that comes so often ends who takes it: its job is declared dead (docs/jobs.md). */
const maxReceives = 10;
const twoWeeksSeconds = 14 * 24 * 3600;

/** The FIFO queue that rings for jobs, and the one for messages that nobody could deal with. */
export function createMessaging(stage: Stage) {
  const key = createKey(stage, 'QueueKey', 'Encrypts messages');
  const queue = {
    kmsMasterKeyId: key.arn,
    // High throughput: limits are per group of messages, of which each job's group is one.
    deduplicationScope: 'messageGroup',
    fifoThroughputLimit: 'perMessageGroupId',
    messageRetentionSeconds: twoWeeksSeconds,
  };
  const deadLetters = new sst.aws.Queue('DeadLetters', { fifo: true, transform: { queue } });
  const jobs = new sst.aws.Queue('Jobs', {
    fifo: true,
    // Workers hide what they work on for as long as their lease, again and again.
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

/** Who may use a queue is said by the roles of those who do; what comes unencrypted is refused to all. */
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
