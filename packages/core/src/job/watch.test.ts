import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { user } from '../../../../tests/support/services.ts';
import { type JobFixture, jobFixture, owner, result } from '../../../../tests/support/jobs.ts';
import { operations } from '../index.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

describe('events', () => {
  test('reach a watcher from the snapshot to the end, in order', async () => {
    const lease = await fixture.claimed();
    const items = await operations.job.events.run(fixture.as(owner), { id: lease.id });
    const seen: (string | number)[] = [];
    for await (const { data } of items) {
      seen.push(data.type === 'snapshot' ? `snapshot at ${data.job.lastSeq}` : data.event.seq);
      const next = seen.length;
      if (next < 4)
        await transitions.progress(fixture.db, lease, { progress: next / 10, step: `Step ${next}` });
      else await transitions.end(fixture.db, lease, { type: 'succeeded', result });
      fixture.hint(lease.id);
    }
    expect(seen).toEqual(['snapshot at 2', 3, 4, 5, 6]);
  });

  test('continue after the last event for a watcher that reconnects, without repetition', async () => {
    const lease = await fixture.claimed();
    await transitions.progress(fixture.db, lease, { progress: 0.5, step: 'Working' });
    await transitions.end(fixture.db, lease, { type: 'succeeded', result });
    const items = await operations.job.events.run(fixture.as(owner), { id: lease.id, lastEventId: '2' });
    const cursors = [];
    for await (const { cursor } of items) cursors.push(cursor);
    expect(cursors).toEqual(['3', '4']);
  });

  test('begin with a snapshot for a watcher that reconnects after they were pruned', async () => {
    const lease = await fixture.claimed();
    await transitions.progress(fixture.db, lease, { progress: 0.5, step: 'Working' });
    await fixture.ownerSql`delete from job_events where job_id = ${lease.id} and seq < 3`;
    const items = await operations.job.events.run(fixture.as(owner), { id: lease.id, lastEventId: '0' });
    expect((await items.next()).value).toMatchObject({ cursor: '3', data: { type: 'snapshot' } });
    await transitions.end(fixture.db, lease, { type: 'succeeded', result });
    fixture.hint(lease.id);
    expect((await items.next()).value).toMatchObject({ cursor: '4', data: { type: 'event' } });
    expect((await items.next()).done).toBe(true);
  });

  test('continue for a watcher that reconnects after a manual retry', async () => {
    const id = await fixture.failed();
    await fixture.retry(id);
    await transitions.end(fixture.db, await fixture.claim(id), { type: 'succeeded', result });
    const items = await operations.job.events.run(fixture.as(owner), { id, lastEventId: '2' });
    const types: string[] = [];
    for await (const { data } of items) if (data.type === 'event') types.push(data.event.type);
    expect(types).toEqual(['failed', 'requeued', 'started', 'succeeded']);
  });

  test('end immediately for a watcher that has already disconnected', async () => {
    const { id } = await fixture.claimed();
    const items = await operations.job.events.run(fixture.as(owner, AbortSignal.abort()), { id });
    await items.next();
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  test('end when the signal of the watcher is aborted', async () => {
    const { id } = await fixture.claimed();
    const gone = new AbortController();
    const items = await operations.job.events.run(fixture.as(owner, gone.signal), { id });
    await items.next();
    const next = items.next();
    gone.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

test('job.changes shows the newest jobs first and then each change once', async () => {
  const lease = await fixture.claimed();
  const ends = new AbortController();
  const items = await operations.job.changes.run(fixture.as(owner, ends.signal), {});
  const states: string[] = [];
  for await (const { data } of items) {
    if (data.id !== lease.id) continue;
    states.push(data.state);
    if (data.state === 'succeeded') break;
    await transitions.end(fixture.db, lease, { type: 'succeeded', result });
    fixture.hint(lease.id);
  }
  expect(states).toEqual(['running', 'succeeded']);
});

test('job.changes reports each of a thousand jobs that change together', async () => {
  const { id } = await fixture.accept();
  const ends = new AbortController();
  const items = await operations.job.changes.run(fixture.as(owner, ends.signal), {});
  await items.next();
  const made = await fixture.sql<{ id: string }[]>`
    insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
    select 'job_' || lpad(n::text, 26, '0'), portfolio_id, kind, title, state, group_key, payload, requested_by,
      max_attempts, last_seq
    from jobs, generate_series(1, 1200) n where id = ${id} returning id`;
  await fixture.sql`
    insert into job_events (job_id, seq, type, state, attempt, progress)
    select id, last_seq, 'queued', state, attempt, progress from jobs where id = any(${made.map((job) => job.id)})`;
  fixture.hint(id);
  const open = new Set(made.map((job) => job.id));
  for await (const { data } of items) if (open.delete(data.id) && open.size === 0) break;
  expect(open.size).toBe(0);
  await fixture.sql`delete from jobs where id = any(${made.map((job) => job.id)})`;
});

test('job.changes reports nothing to former members', async () => {
  const leaving = user('leaving');
  const ends = new AbortController();
  await fixture.addMember(fixture.portfolioId, 'leaving', 'viewer');
  const watched = await operations.job.changes.run(fixture.as(leaving, ends.signal), {});
  await watched.next();
  const removed = { portfolio: 'team', member: 'leaving', expectedVersion: '*' as const };
  await operations.member.remove.run(fixture.as(owner), removed);
  const stays = await operations.job.changes.run(fixture.as(owner), {});
  await stays.next();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const { data } of watched) seen.push(data.id);
  })();
  const { id } = await fixture.accept();
  // The remaining member gets it by the same hint, and later than the former one would.
  for await (const { data } of stays) if (data.id === id) break;
  ends.abort();
  await watching;
  expect(seen).not.toContain(id);
});

test('job.changes refuses a cursor that is none, and one that Postgres cannot parse', async () => {
  const forged = [
    '1:1',
    '0:5:',
    '7:5:',
    '5:7:8',
    '5:9:8,7',
    `5:${'9'.repeat(20)}:`,
    `5:9:${'7,'.repeat(5000)}7`,
  ];
  for (const lastEventId of ['yesterday', '0000-01-01T00:00:00Z', ...forged]) {
    const asked = operations.job.changes.run(fixture.as(owner), { lastEventId });
    await expect(asked).rejects.toMatchObject({ code: 'invalid_input' });
  }
});
