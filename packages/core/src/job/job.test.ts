import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { jobEvents, jobs } from './job.sql.ts';

let platform: TestServices;
const owner = user('owner');
beforeAll(async () => {
  platform = await testServices();
  const ctx = platform.as(owner);
  await operations.portfolio.create.run(ctx, { slug: 'team', name: 'Team' });
  await operations.caseStudy.create.run(ctx, { portfolio: 'team', slug: 'faster', title: 'Faster' });
});
afterAll(() => platform.stop());

test('an accepted job is in the queue at once, with its first event', async () => {
  const ctx = platform.as(owner);
  const job = await operations.caseStudy.export.run(ctx, { portfolio: 'team', slug: 'faster' });
  expect(job).toMatchObject({
    state: 'queued',
    kind: 'export.pdf',
    attempt: 0,
    lastSeq: 1,
    requestedBy: 'owner',
  });
  const message = await platform.queue.receive(5, 30);
  expect(message?.jobId).toBe(job.id);
  const events = await platform.db
    .select()
    .from(jobEvents)
    .where(eq(jobEvents.jobId, job.id))
    .orderBy(asc(jobEvents.seq));
  expect(events.map(({ type }) => type)).toEqual(['queued']);
  expect(await platform.db.select().from(jobs)).toHaveLength(1);
});
