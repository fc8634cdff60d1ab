import { operations } from '@portfolio/core';
import { ofEachKind } from '@portfolio/core/job/kinds';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openQueues } from '@portfolio/core/runtime/queue';
import { readSettings, workerSettings } from '@portfolio/core/runtime/settings';
import { createWakeUps } from '@portfolio/core/runtime/wake-ups';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { testProxy } from '../../../tests/support/proxy.ts';
import { makeDue } from '../../../tests/support/jobs.ts';
import { runAttempt, testRunner } from '../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../tests/support/services.ts';
import { slotsOf, startWorker } from './worker.ts';

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

test.each(['down', 'hang'] as const)(
  'while SQS is unavailable (%s), jobs are accepted and run, and workers stop as usual',
  async (how) => {
    const urls = readSettings(workerSettings, platform.environment);
    const behindProxy = (url: string) => new URL(new URL(url).pathname, proxy.baseUrl).href;
    const queues = openQueues(
      aws,
      {
        ...ofEachKind((kind) => behindProxy(urls.QUEUE_URLS[kind])),
        dead: behindProxy(urls.DEAD_LETTER_QUEUE_URL),
      },
      silentLog,
    );
    const wakeUps = createWakeUps(queues, silentLog);
    const ctx = { ...platform.as(owner), wakeUps };
    const draining = new AbortController();
    proxy[how]();
    const options = { ...testRunner({ ...platform, wakeUps }), queues, slots: slotsOf({}), shares: {} };
    const timing = { pollSeconds: 0, sweepSeconds: 0.1 };
    const worker = await startWorker({ ...options, ...timing }, draining.signal, never);
    for (const slug of ['one', 'two', 'three'].map((name) => `${name}-${how}`)) {
      await operations.caseStudy.create.run(ctx, { portfolio: 'team', slug, title: 'Faster' });
      const { id } = await operations.caseStudy.export.run(ctx, { portfolio: 'team', slug });
      await eventually(async () => expect(await read(id)).toMatchObject({ state: 'succeeded', attempt: 1 }));
    }
    draining.abort();
    await worker.ended;
    await wakeUps.idle();
    queues.close();
    proxy.up();
  },
);

test('while S3 is unavailable a job waits without using up attempts, and succeeds when S3 is available again', async () => {
  const bucket = openBucket(aws, platform.environment.BUCKET_NAME, silentLog);
  const study = { portfolio: 'team', slug: 'stored' };
  await operations.caseStudy.create.run(platform.as(owner), { ...study, title: 'Faster' });
  const { id } = await operations.caseStudy.export.run(platform.as(owner), study);
  const { maxAttempts } = await read(id);
  const runner = testRunner({ ...platform, bucket });
  const run = async () => {
    await makeDue(platform.db, id);
    await runAttempt(runner, id);
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
