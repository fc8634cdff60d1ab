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

test('both queues are FIFO, encrypted with a key of ours, and count their limits by group', () => {
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

test('a message that comes ten times goes to the queue of dead letters, which takes from no other', () => {
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

test('a message that was taken is hidden for as long as a worker may be silent', () => {
  for (const app of stages) {
    expect(queuesOf(app).jobs.visibilityTimeoutSeconds).toBe(
      workerSettings.shape.LEASE_SECONDS.parse(undefined),
    );
  }
});

test('plain http is refused to all', () => {
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
