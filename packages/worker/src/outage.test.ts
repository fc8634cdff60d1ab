import { operations } from '@portfolio/core';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openQueue } from '@portfolio/core/runtime/queue';
import { createOutboxNotifier, relayOutbox } from '@portfolio/core/runtime/relay';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { testProxy } from '../../../tests/support/proxy.ts';
import { testRunner } from '../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../tests/support/services.ts';
import { runJob } from './run-job.ts';

const owner = user('owner');
const never = new AbortController().signal;

let platform: TestServices;
let proxy: Awaited<ReturnType<typeof testProxy>>;
let aws: { region: string; endpoint: string };
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
  proxy = await testProxy(platform.environment.AWS_ENDPOINT_URL);
  aws = { region: platform.environment.AWS_REGION, endpoint: proxy.baseUrl };
});
afterAll(async () => {
  await proxy.stop();
  await platform.stop();
});

const read = (id: string) => operations.job.read.run(platform.as(owner), { id });

test('while SQS is unavailable jobs are accepted, and their messages are sent when it is available again', async () => {
  const { pathname } = new URL(platform.environment.QUEUE_URL);
  const queue = openQueue(aws, new URL(pathname, proxy.baseUrl).href, silentLog);
  const wakeUps = createOutboxNotifier(platform.db, queue, silentLog);
  const ctx = { ...platform.as(owner), wakeUps };
  proxy.down();
  const accepted: string[] = [];
  for (const slug of ['one', 'two', 'three', 'four']) {
    await operations.caseStudy.create.run(ctx, { portfolio: 'team', slug, title: 'Faster' });
    const { id } = await operations.caseStudy.export.run(ctx, { portfolio: 'team', slug });
    accepted.push(id);
    await wakeUps.idle();
    expect(await read(id)).toMatchObject({ state: 'queued' });
  }
  proxy.up();
  await eventually(async () => expect(await relayOutbox(platform.db, queue)).toBe(4));
  const received: (string | undefined)[] = [];
  while (received.length < 4) {
    const message = await platform.queue.receive(1, 30);
    received.push(message?.job?.jobId);
    await platform.queue.remove(message!);
  }
  expect(new Set(received)).toEqual(new Set(accepted));
  queue.close();
});

test('while S3 is unavailable a job waits without using up attempts, and succeeds when S3 is available again', async () => {
  const bucket = openBucket(aws, platform.environment.BUCKET_NAME, silentLog);
  const study = { portfolio: 'team', slug: 'stored' };
  await operations.caseStudy.create.run(platform.as(owner), { ...study, title: 'Faster' });
  const { id } = await operations.caseStudy.export.run(platform.as(owner), study);
  const { maxAttempts } = await read(id);
  const runner = testRunner({ ...platform, bucket });
  const run = async () => {
    await platform.sql`update jobs set run_at = now() where id = ${id}`;
    await runJob(runner, id, async () => {}, never);
    return read(id);
  };
  proxy.down();
  // The circuit breaker is open for the last attempts.
  for (let times = 1; times <= 4; times += 1) {
    const job = await run();
    expect(job).toMatchObject({ state: 'queued', error: { code: 'unavailable' } });
    expect(job.maxAttempts - job.attempt).toBe(maxAttempts);
  }
  proxy.up();
  await eventually(async () => expect(await run()).toMatchObject({ state: 'succeeded' }));
  bucket.close();
});
