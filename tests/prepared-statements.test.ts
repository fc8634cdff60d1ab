import { operations } from '@portfolio/core';
import { authenticateApiKey } from '@portfolio/core/api-key/authenticate';
import type { Ctx } from '@portfolio/core/context';
import { enqueueDue } from '@portfolio/core/job/due';
import { transitions } from '@portfolio/core/job/transitions';
import { openDatabase } from '@portfolio/core/runtime/database';
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServices, silentLog, testServices, user } from './support/services.ts';

const owner = user('owner');
const study = { portfolio: 'team', slug: 'faster' };
let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  const ctx = platform.as(owner);
  await operations.portfolio.create.run(ctx, { slug: 'team', name: 'Team' });
  await operations.caseStudy.create.run(ctx, { ...study, title: 'Faster' });
  await operations.caseStudy.publish.run(ctx, { ...study, expectedVersion: '*' });
});
afterAll(() => platform.stop());

/** Runs some work on a single connection and counts the statements that were not prepared. */
async function unpreparedIn(work: (ctx: Ctx) => Promise<unknown>) {
  const { db, sql, close } = openDatabase({
    url: platform.databaseUrl,
    poolSize: 1,
    applicationName: 'counted',
    log: silentLog,
  });
  try {
    const ctx = { ...platform.as(owner), db };
    await work(ctx);
    await setImmediate();
    const runs = async () => {
      const [row] = await sql`
        select coalesce(sum(generic_plans + custom_plans), 0)::int as runs from pg_prepared_statements`;
      return row!.runs as number;
    };
    const before = await runs();
    const counted = { sent: 0 };
    sql.options.debug = () => void counted.sent++;
    await work(ctx);
    // Statements that it did not wait for are sent by then.
    await setImmediate();
    sql.options.debug = false;
    // Each query of the statistics is a prepared statement itself.
    return counted.sent - ((await runs()) - before - 1);
  } finally {
    await close();
  }
}

const reads: Record<string, (ctx: Ctx) => Promise<unknown>> = {
  'portfolio.read': (ctx) => operations.portfolio.read.run(ctx, { portfolio: 'team' }),
  'portfolio.list': (ctx) => operations.portfolio.list.run(ctx, {}),
  'caseStudy.read': (ctx) => operations.caseStudy.read.run(ctx, study),
  'caseStudy.list': (ctx) => operations.caseStudy.list.run(ctx, { portfolio: 'team' }),
  'caseStudy.list, filtered': (ctx) =>
    operations.caseStudy.list.run(ctx, { portfolio: 'team', q: 'faster', tag: ['a'], sort: 'relevance' }),
  'caseStudy.revisions': (ctx) => operations.caseStudy.revisions.run(ctx, study),
  'caseStudy.revision': (ctx) => operations.caseStudy.revision.run(ctx, { ...study, number: 1 }),
  'job.changes': async (ctx) => {
    const items = await operations.job.changes.run({ ...ctx, signal: AbortSignal.abort() }, {});
    for await (const _ of items);
  },
  'job.list': (ctx) => operations.job.list.run(ctx, {}),
  'the check of an API key': async (ctx) => authenticateApiKey(ctx.db, await platform.issueKey('owner')),
};

test.each(Object.keys(reads))('%s sends prepared statements only', async (name) => {
  expect(await unpreparedIn(reads[name]!)).toBe(0);
});

/** One of the statements that begin and end the transaction of a change has no plan: the other is sent along. */
const perChange = 1;

test('a job runs, and is retried, with prepared statements only', async () => {
  expect(
    await unpreparedIn(async (ctx) => {
      const { id } = await operations.caseStudy.export.run(ctx, study);
      const lease = { id, token: randomUUID() };
      const wanted = [{ kind: 'export.pdf' as const, slots: 1, mostOfTenant: 1 }];
      await transitions.claim(ctx.db, wanted, { ...lease, mostInAll: 1, leaseSeconds: 30, worker: 'test' });
      await transitions.progress(ctx.db, lease, { progress: 0.5, step: 'Working' });
      await transitions.heartbeat(ctx.db, [lease], 30);
      const error = { code: 'internal', message: 'x' };
      await transitions.end(ctx.db, lease, { type: 'failed', error });
      const events = await operations.job.events.run(ctx, { id, lastEventId: '1' });
      for await (const _ of events);
      await operations.job.read.run(ctx, { id });
      await enqueueDue(ctx.db);
      await operations.job.retry.run(ctx, { id });
      await operations.job.cancel.run(ctx, { id });
    }),
  ).toBe(3 * perChange);
});
