import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type JobFixture,
  failure,
  jobFixture,
  owner,
  result,
  study,
} from '../../../../tests/support/jobs.ts';
import { anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { transitions } from '../job/transitions.ts';
import {
  pruneJobEvents,
  removeOldDeliveries,
  forgetErasedIdentities,
  removeOldInvitations,
  removeOldJobs,
} from './retention.ts';

const never = new AbortController().signal;

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.sql`delete from jobs`);

/** Changes the end of a job to some days and an hour ago. */
const endedDaysAgo = (id: string, days: number) =>
  fixture.change(id, { finishedAt: sql`now() - make_interval(days => ${days}, hours => 1)` });
const jobIds = async () => (await fixture.sql`select id from jobs order by id`).map(({ id }) => id as string);
/** The period of some hours around the time that is some days from now. */
const periodIn = (days: number, hours: number) => {
  const now = Date.now() + days * 86_400_000;
  return {
    from: new Date(now - hours * 3_600_000).toISOString(),
    to: new Date(now + hours * 3_600_000).toISOString(),
  };
};

/** A result of a version that is not the current one of any study. */
const superseded = { ...result, studyVersion: 0 };
async function succeededWith(what: typeof result) {
  const { id } = await operations.caseStudy.export.run(fixture.as(owner), study);
  await transitions.end(fixture.db, await fixture.claim(id), { type: 'succeeded', result: what });
  return id;
}

describe('a job', () => {
  test('that ended more than 90 days ago is removed with its events, however it ended', async () => {
    const [failed, succeeded] = [await fixture.failed(), await succeededWith(superseded)];
    const { id: cancelled } = await fixture.accept();
    await fixture.cancel(cancelled);
    const young = await fixture.failed();
    for (const id of [failed, succeeded, cancelled]) await endedDaysAgo(id, 90);
    await endedDaysAgo(young, 89);
    expect(await removeOldJobs(fixture.db, never)).toBe(3);
    expect(await jobIds()).toEqual([young]);
    expect(await fixture.eventsOf(failed)).toEqual([]);
    await expect(fixture.read(failed)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('that has not ended is not removed, however old it is', async () => {
    const { id } = await fixture.accept();
    await fixture.change(id, { createdAt: sql`now() - interval '1 year'` });
    const { id: again } = await fixture.accept();
    await transitions.end(fixture.db, await fixture.claim(again), { type: 'failed', error: failure });
    await endedDaysAgo(again, 100);
    await fixture.retry(again);
    expect(await removeOldJobs(fixture.db, never)).toBe(0);
    expect(await jobIds()).toEqual([id, again]);
  });

  test('with the newest PDF of the current version of a study is not removed until the study changes', async () => {
    const publish = { ...study, expectedVersion: '*' as const };
    const { version } = await operations.caseStudy.publish.run(fixture.as(owner), publish);
    await endedDaysAgo(await succeededWith({ ...result, studyVersion: version }), 101);
    const id = await succeededWith({ ...result, studyVersion: version });
    await endedDaysAgo(id, 100);
    expect(await removeOldJobs(fixture.db, never)).toBe(1);
    expect(await jobIds()).toEqual([id]);
    expect(await operations.caseStudy.pdf.run(fixture.as(anonymous), study)).toMatchObject({
      file: { sha256: result.sha256 },
    });
    const change = { ...study, title: 'Faster still', expectedVersion: version };
    await operations.caseStudy.update.run(fixture.as(owner), change);
    expect(await removeOldJobs(fixture.db, never)).toBe(1);
  });

  test('is removed once by two concurrent workers, in as many batches as needed', async () => {
    const id = await fixture.failed();
    await fixture.sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq, finished_at)
      select id || n, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq,
        now() - interval '91 days'
      from jobs, generate_series(1, 2500) n where id = ${id}`;
    const removed = await Promise.all([1, 2].map(() => removeOldJobs(fixture.db, never)));
    expect(removed[0]! + removed[1]!).toBe(2500);
    expect(await jobIds()).toEqual([id]);
  });

  test('is not removed after the run was stopped', async () => {
    await endedDaysAgo(await fixture.failed(), 100);
    await expect(removeOldJobs(fixture.db, AbortSignal.abort())).rejects.toThrow('aborted');
    expect(await jobIds()).toHaveLength(1);
  });
});

describe('the events of a job', () => {
  test('are pruned in the period that is 30 days after its end', async () => {
    const [before, within, after] = [await fixture.failed(), await fixture.failed(), await fixture.failed()];
    await endedDaysAgo(before, 32);
    await endedDaysAgo(within, 30);
    await endedDaysAgo(after, 28);
    const { id: open } = await fixture.accept();
    expect(await pruneJobEvents(fixture.workerDb, periodIn(0, 2), never)).toBe(3);
    for (const id of [before, after]) expect(await fixture.eventsOf(id)).toHaveLength(3);
    expect(await fixture.eventsOf(within)).toEqual([]);
    expect(await fixture.eventsOf(open)).toHaveLength(1);
    expect(await pruneJobEvents(fixture.workerDb, periodIn(0, 2), never)).toBe(0);
  });

  test('are replaced by a snapshot of the final state for watchers once they are pruned', async () => {
    const id = await fixture.failed();
    const before = await fixture.read(id);
    await endedDaysAgo(id, 30);
    await pruneJobEvents(fixture.workerDb, periodIn(0, 2), never);
    for (const lastEventId of ['0', '2']) {
      const items = [];
      const events = await operations.job.events.run(fixture.as(owner), { id, lastEventId });
      for await (const item of events) items.push(item);
      expect(items).toMatchObject([
        { cursor: '3', data: { type: 'snapshot', job: { id, state: 'failed', error: failure } } },
      ]);
    }
    const caughtUp = await operations.job.events.run(fixture.as(owner), { id, lastEventId: '3' });
    expect(await caughtUp.next()).toMatchObject({ done: true });
    expect({ ...(await fixture.read(id)), finishedAt: null }).toEqual({ ...before, finishedAt: null });
  });

  test('keep their numbering when it is retried after they were pruned', async () => {
    const id = await fixture.failed();
    await endedDaysAgo(id, 30);
    await pruneJobEvents(fixture.workerDb, periodIn(0, 2), never);
    await fixture.retry(id);
    expect((await fixture.eventsOf(id)).map(({ seq, type }) => [seq, type])).toEqual([[4, 'requeued']]);
    const events = await operations.job.events.run(fixture.as(owner), { id, lastEventId: '1' });
    expect((await events.next()).value).toMatchObject({ cursor: '4', data: { type: 'snapshot' } });
    await events.return(undefined);
  });
});

test('a list of jobs continues even if the last job of a page was removed', async () => {
  const [oldest, , newest] = [await fixture.failed(), await fixture.failed(), await fixture.failed()];
  const ctx = fixture.as(owner);
  const page = await operations.job.list.run(ctx, { portfolio: 'team', limit: 2 });
  expect(page.items[0]!.id).toBe(newest);
  await endedDaysAgo(page.items[1]!.id, 100);
  await removeOldJobs(fixture.db, never);
  const rest = await operations.job.list.run(ctx, { portfolio: 'team', limit: 2, cursor: page.nextCursor! });
  expect(rest.items.map(({ id }) => id)).toEqual([oldest]);
});

test('a delivery is removed after 30 days, unless it is pending', async () => {
  const ctx = fixture.as(owner);
  const hook = { portfolio: 'team', url: 'https://example.com/hook', events: ['job.failed' as const] };
  const { id: webhook } = await operations.webhook.create.run(ctx, hook);
  const at = { portfolio: 'team', id: webhook };
  const [old, pending, young] = [
    await operations.webhook.test.run(ctx, at),
    await operations.webhook.test.run(ctx, at),
    await operations.webhook.test.run(ctx, at),
  ];
  await fixture.sql`update webhook_deliveries set state = 'failed' where id <> ${pending.id}`;
  await fixture.sql`
    update webhook_deliveries set created_at = now() - interval '30 days 1 hour' where id <> ${young.id}`;
  expect(await removeOldDeliveries(fixture.db, never)).toBe(1);
  const { items } = await operations.webhook.deliveries.run(ctx, at);
  expect(items.map(({ id }) => id)).toEqual([young.id, pending.id]);
  expect(old.job).not.toBeNull();
  // A job outlives its delivery, and a delivery its job.
  await transitions.end(fixture.db, await fixture.claim(young.job!), { type: 'failed', error: failure });
  await endedDaysAgo(young.job!, 100);
  await removeOldJobs(fixture.db, never);
  const left = await operations.webhook.delivery.run(ctx, { ...at, delivery: young.id });
  expect(left).toMatchObject({ state: 'failed', job: null });
});

test('an invitation is removed 30 days after its last day, by the worker', async () => {
  const create = async () =>
    (await operations.invitation.create.run(fixture.as(owner), { portfolio: 'team', role: 'viewer' })).id;
  const [old, young] = [await create(), await create()];
  const expired = (id: string, time: string) =>
    fixture.sql`update invitations set expires_at = now() - ${time}::interval where id = ${id}`;
  await expired(old, '30 days 1 hour');
  await expired(young, '29 days');
  expect(await removeOldInvitations(fixture.workerDb, never)).toBe(1);
  const { items } = await operations.invitation.list.run(fixture.as(owner), { portfolio: 'team' });
  expect(items.map(({ id }) => id)).toEqual([young]);
});

test('the hash by which older tokens of an erased person are refused is forgotten after a day, by the worker', async () => {
  await fixture.sql`
    insert into people (id, erased_identity, erased_at)
    values ('young', 'y', now() - interval '23 hours'), ('old', 'o', now() - interval '25 hours')`;
  expect(await forgetErasedIdentities(fixture.workerDb)).toBe(1);
  const left = await fixture.sql`select id from people where erased_identity is not null`;
  expect(left).toEqual([{ id: 'young' }]);
});
