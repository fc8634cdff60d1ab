import { beforeAll, expect, test } from 'vitest';
import { workerSettings } from '../../packages/core/src/runtime/settings.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let stages: App[];
beforeAll(async () => {
  stages = await Promise.all((['production', 'staging', 'personal', 'dev'] as const).map(synthesized));
});

const queuesOf = (app: App) => ({
  jobs: app.one('sqs/queue:Queue', 'JobsQueue').inputs,
  deadLetters: app.one('sqs/queue:Queue', 'DeadLettersQueue').inputs,
});

test('both queues are FIFO, encrypted with a customer managed key, and have throughput limits per message group', () => {
  for (const app of stages) {
    for (const queue of Object.values(queuesOf(app))) {
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
    const { jobs, deadLetters } = queuesOf(app);
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(jobs.redrivePolicy);
    expect(deadLetterTargetArn).toMatch(new RegExp(`:${deadLetters.name}$`));
    expect(maxReceiveCount).toBe(10);
    const { redrivePermission, sourceQueueArns } = JSON.parse(
      app.one('sqs/redriveAllowPolicy:RedriveAllowPolicy').inputs.redriveAllowPolicy,
    );
    expect(redrivePermission).toBe('byQueue');
    expect(sourceQueueArns).toEqual([expect.stringMatching(new RegExp(`:${jobs.name}$`))]);
  }
});

test('the visibility timeout of a message is the lease of a job', () => {
  for (const app of stages) {
    expect(queuesOf(app).jobs.visibilityTimeoutSeconds).toBe(
      workerSettings.shape.LEASE_SECONDS.parse(undefined),
    );
  }
});

test('plain HTTP is denied for everybody', () => {
  for (const app of stages) {
    const policies = app.all('sqs/queuePolicy:QueuePolicy').map(({ inputs }) => JSON.parse(inputs.policy));
    expect(policies).toHaveLength(2);
    for (const { Statement } of policies) {
      expect(Statement).toEqual([
        expect.objectContaining({
          Effect: 'Deny',
          Principal: '*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      ]);
    }
  }
});
