import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, silentLog, testServices } from '../../../../tests/support/services.ts';
import { readBacklog } from './backlog.ts';
import { seenWithinSeconds } from './fleet.ts';
import { type JobKind, ofEachKind } from './kinds.ts';
import { type Database, openDatabase } from '../runtime/database.ts';

let platform: TestServices;
/** One connection of the owner of the tables. */
let admin: Database;
beforeAll(async () => {
  platform = await testServices();
  admin = openDatabase({
    url: platform.databaseUrl,
    poolSize: 1,
    applicationName: 'test',
    log: silentLog,
  });
  await admin.db.execute(sql`
    insert into portfolios (id, slug, name, tagline, description)
    values ('pf_1', 'one', 'One', '', ''), ('pf_2', 'two', 'Two', '', '')`);
});
afterAll(async () => {
  await admin.close();
  await platform.stop();
});
beforeEach(() =>
  admin.db.execute(sql`truncate jobs, job_queue, job_workers, job_pauses, job_limits cascade`),
);

type Wanted = { kind?: JobKind; portfolio?: string; group?: string; inSeconds?: number };
let made = 0;

/** Queues jobs, each in a group of its own unless one is given. */
async function queue(
  count: number,
  { kind = 'export.pdf', portfolio = 'pf_1', group, inSeconds = 0 }: Wanted = {},
) {
  for (let left = count; left > 0; left -= 1) {
    const id = `job_${(made += 1)}`;
    await admin.db.execute(sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq, run_at)
      values (${id}, ${portfolio}, ${kind}, 'PDF', 'queued', ${group ?? id}, '{}', 'ada', 5, 1,
        now() + make_interval(secs => ${inSeconds}))`);
  }
}

/** Claims so many of the due jobs, as a worker does. */
const start = (count: number) =>
  admin.db.execute(sql`
    with taken as (
      delete from job_queue where job_id in (select job_id from job_queue where due order by turn limit ${count})
      returning job_id)
    update jobs set state = 'running', last_seq = last_seq + 1, lease_token = gen_random_uuid(), lease_until = now()
    where id in (select job_id from taken)`);

const live = (id: string, slots: Partial<Record<JobKind, number>>, secondsAgo = 0) =>
  admin.db.execute(sql`
    insert into job_workers (id, slots, shares, seen_at)
    values (${id}, ${JSON.stringify(slots)}::jsonb, '{}', now() - make_interval(secs => ${secondsAgo}))`);

/** Limits the exports of all portfolios together, and those of one to a single one. */
const limitExports = (most: number) =>
  admin.db.execute(sql`
    insert into job_limits (portfolio_id, kind, most_running, reason)
    values ('pf_1', 'export.pdf', 1, 'x'), (null, 'export.pdf', ${most}, 'x')
    on conflict on constraint job_limits_scope do update set most_running = excluded.most_running`);

const backlog = () => readBacklog(platform.db);
const idle = { due: 0, waiting: 0, running: 0, oldestSeconds: 0 };

test('nothing to do needs no worker, and each kind is listed', async () => {
  expect(await backlog()).toEqual({ workers: 0, kinds: ofEachKind(() => idle) });
});

test('jobs are due, waiting for their time or their turn, or running', async () => {
  await queue(3);
  await queue(4, { group: 'study' });
  await queue(2, { inSeconds: 60 });
  await start(1);
  await queue(1, { kind: 'webhook.deliver' });
  const { kinds } = await backlog();
  expect(kinds['export.pdf']).toMatchObject({ due: 3, waiting: 5, running: 1 });
  expect(kinds['webhook.deliver']).toMatchObject({ due: 1, waiting: 0, running: 0 });
});

test('a job whose time has come is due before a sweep notices it', async () => {
  await queue(1, { inSeconds: 60 });
  await admin.db.execute(sql`update job_queue set run_at = now() - interval '5 seconds'`);
  const { kinds } = await backlog();
  expect(kinds['export.pdf']).toMatchObject({ due: 1, waiting: 0 });
});

test('the oldest wait is that of the job which could have run for the longest time', async () => {
  await queue(2);
  await admin.db.execute(sql`
    update job_queue set ready_at = now() - interval '90 seconds', run_at = now() - interval '100 seconds'
    where job_id = (select min(job_id) from job_queue)`);
  const { oldestSeconds } = (await backlog()).kinds['export.pdf'];
  expect(oldestSeconds).toBeGreaterThanOrEqual(90);
  expect(oldestSeconds).toBeLessThan(100);
});

test('what is paused waits, and needs no worker', async () => {
  await queue(4);
  await queue(2, { portfolio: 'pf_2' });
  await queue(1, { kind: 'webhook.deliver', portfolio: 'pf_2' });
  await admin.db.execute(sql`
    insert into job_pauses (portfolio_id, kind, reason) values ('pf_1', null, 'x'), (null, 'webhook.deliver', 'x')`);
  const { workers, kinds } = await backlog();
  expect(kinds['export.pdf']).toMatchObject({ due: 2, waiting: 4 });
  expect(kinds['webhook.deliver']).toMatchObject({ due: 0, waiting: 1 });
  expect(workers).toBe(1);
});

describe('workers that are needed', () => {
  test('have slots for all that is due or running, of the kind that needs most', async () => {
    await queue(7);
    await start(2);
    await queue(4, { kind: 'webhook.deliver' });
    // Two exports and four deliveries in a process.
    expect((await backlog()).workers).toBe(4);
  });

  test('have as many slots as the largest of those that live', async () => {
    await queue(12);
    await live('small', { 'export.pdf': 1 });
    await live('large', { 'export.pdf': 3 });
    await live('lost', { 'export.pdf': 12 }, seenWithinSeconds + 1);
    expect((await backlog()).workers).toBe(4);
  });

  test('are no more than run what an operator allows of a kind, and what runs already', async () => {
    await queue(12);
    await start(4);
    for (const [most, workers] of [
      [99, 6],
      [7, 4],
      [1, 2],
    ] as const) {
      await limitExports(most);
      expect((await backlog()).workers).toBe(workers);
    }
  });

  test('are none for a kind that no live worker takes', async () => {
    await queue(12);
    await live('deliveries', { 'export.pdf': 0, 'webhook.deliver': 4 });
    expect((await backlog()).workers).toBe(0);
  });
});

test('the statement is prepared, and reads the unfinished jobs only, however many have finished', async () => {
  await admin.db.execute(sql`
    insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq,
      finished_at)
    select 'done_' || n, 'pf_1', 'export.pdf', 'PDF', 'failed', 'done_' || n, '{}', 'ada', 5, 1, now()
    from generate_series(1, 2000) n`);
  await queue(5);
  await admin.sql`analyze jobs`;
  await readBacklog(admin.db);
  const [row] = await admin.sql<{ statement: string }[]>`
    select statement from pg_prepared_statements
    where statement like '%job_pauses%' and statement not like '%pg_prepared_statements%'`;
  const plan = await admin.sql.unsafe(`explain ${row!.statement}`, [seenWithinSeconds]);
  const text = plan.map((line) => String(line['QUERY PLAN'])).join('\n');
  expect(text).toContain('jobs_group_unfinished');
  expect(text).not.toMatch(/Seq Scan on jobs\b/);
});
