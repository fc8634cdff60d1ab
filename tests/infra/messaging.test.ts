import { beforeAll, expect, test } from 'vitest';
import { jobKinds } from '../../packages/core/src/job/kinds.ts';
import { pascalCase } from '../../stacks/names.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let stages: App[];
beforeAll(async () => {
  stages = await Promise.all((['production', 'staging', 'personal', 'dev'] as const).map(synthesized));
});

const isDeadLetters = ({ name }: { name: string }) => name === 'DeadLettersQueue';
const deadLettersOf = (app: App) => app.one('sqs/queue:Queue', 'DeadLettersQueue').inputs;
const jobsOf = (app: App) =>
  app
    .all('sqs/queue:Queue')
    .filter((queue) => !isDeadLetters(queue))
    .map(({ inputs }) => inputs);

test('each kind of job has a queue, so that a worker receives only for kinds with a free slot', () => {
  for (const app of stages) {
    const names = app.all('sqs/queue:Queue').filter((queue) => !isDeadLetters(queue));
    expect(names.map(({ name }) => name)).toEqual(
      Object.keys(jobKinds).map((kind) => `Jobs${pascalCase(kind)}Queue`),
    );
  }
});

test('all queues are FIFO, encrypted with a customer managed key, and have throughput limits per message group', () => {
  for (const app of stages) {
    for (const queue of [...jobsOf(app), deadLettersOf(app)]) {
      expect(queue).toMatchObject({
        fifoQueue: true,
        contentBasedDeduplication: false,
        deduplicationScope: 'messageGroup',
        fifoThroughputLimit: 'perMessageGroupId',
        kmsMasterKeyId: expect.stringContaining('QueueKey'),
      });
      expect(queue.name).toMatch(/\.fifo$/);
    }
  }
});

test('a message goes to the dead-letter queue after ten receives, and no other queue can use it', () => {
  for (const app of stages) {
    const deadLetters = deadLettersOf(app);
    for (const { redrivePolicy } of jobsOf(app)) {
      const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(redrivePolicy);
      expect(deadLetterTargetArn).toMatch(new RegExp(`:${deadLetters.name}$`));
      expect(maxReceiveCount).toBe(10);
    }
    const { redrivePermission, sourceQueueArns } = JSON.parse(
      app.one('sqs/redriveAllowPolicy:RedriveAllowPolicy').inputs.redriveAllowPolicy,
    );
    expect(redrivePermission).toBe('byQueue');
    expect(sourceQueueArns).toEqual(
      jobsOf(app).map(({ name }) => `arn:aws:sqs:eu-central-1:123456789012:${name}`),
    );
    // The maximum of SQS.
    expect(sourceQueueArns.length).toBeLessThanOrEqual(10);
  }
});

test('a message that was received and not removed comes again after 30 seconds, and a wake-up is kept for an hour', () => {
  for (const app of stages) {
    for (const queue of jobsOf(app))
      expect(queue).toMatchObject({ visibilityTimeoutSeconds: 30, messageRetentionSeconds: 3600 });
    expect(deadLettersOf(app).messageRetentionSeconds).toBe(14 * 24 * 3600);
  }
});

test('plain HTTP is denied for everybody', () => {
  for (const app of stages) {
    const policies = app.all('sqs/queuePolicy:QueuePolicy').map(({ inputs }) => JSON.parse(inputs.policy));
    const refused = policies.map(({ Statement }) => {
      expect(Statement).toEqual([
        expect.objectContaining({
          Effect: 'Deny',
          Principal: '*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      ]);
      return Statement[0].Resource.split(':').at(-1);
    });
    const names = app.all('sqs/queue:Queue').map(({ inputs }) => inputs.name);
    expect(new Set(refused)).toEqual(new Set(names));
  }
});
