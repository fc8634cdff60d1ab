import { type JobKind, ofEachKind } from '../../packages/core/src/job/kinds.ts';
import { pascalCase } from '../names.ts';
import { createKey } from './key.ts';
import type { Stage } from '../stage.ts';

export type Messaging = ReturnType<typeof createMessaging>;

/** A message received this often has ended its worker each time: workers remove messages at once (docs/jobs.md). */
const maxReceives = 10;
/** A message only wakes a worker, which asks Postgres: one that nobody received for an hour is of no use. */
const wakeUpSeconds = 3600;
/** Long enough to look at what ended the workers. */
const deadLetterSeconds = 14 * 24 * 3600;

/** A FIFO queue for each kind of job, which wakes workers with a free slot for it, and their dead-letter queue. */
export function createMessaging(stage: Stage) {
  const key = createKey(stage, 'QueueKey', 'Encrypts messages');
  const queue = (retentionSeconds: number) => ({
    kmsMasterKeyId: key.arn,
    messageRetentionSeconds: retentionSeconds,
    // High throughput mode: each message is a group of its own, so that limits do not apply to the whole queue.
    deduplicationScope: 'messageGroup',
    fifoThroughputLimit: 'perMessageGroupId',
  });
  const deadLetters = new sst.aws.Queue('DeadLetters', {
    fifo: true,
    transform: { queue: queue(deadLetterSeconds) },
  });
  const createQueue = (kind: JobKind) =>
    new sst.aws.Queue(`Jobs${pascalCase(kind)}`, {
      fifo: true,
      // Only a worker that ends between receiving and removing a message lets it come again.
      visibilityTimeout: '30 seconds',
      dlq: { queue: deadLetters.arn, retry: maxReceives },
      transform: { queue: queue(wakeUpSeconds) },
    });
  const jobs = ofEachKind(createQueue);
  for (const [kind, one] of Object.entries(jobs)) refusePlainHttp(`Jobs${pascalCase(kind)}`, one);
  refusePlainHttp('DeadLetters', deadLetters);
  const arns = Object.values(jobs).map(({ arn }) => arn);
  new aws.sqs.RedriveAllowPolicy('DeadLettersFromJobs', {
    queueUrl: deadLetters.url,
    redriveAllowPolicy: $jsonStringify({ redrivePermission: 'byQueue', sourceQueueArns: arns }),
  });
  return { queueUrls: settingOf(jobs), arns, deadLetters, key };
}

/** The URL of each queue, as in the setting QUEUE_URLS. */
const settingOf = (jobs: Record<JobKind, sst.aws.Queue>) =>
  $resolve(Object.entries(jobs).map(([kind, { url }]) => $interpolate`${kind}=${url}`)).apply((pairs) =>
    pairs.join(),
  );

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
