import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import {
  claimJob,
  failure,
  type JobFixture,
  jobFixture,
  leaseSeconds,
  owner,
  result,
} from '../../../../tests/support/jobs.ts';
import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { operations } from '../index.ts';
import { traceparentOf } from '../telemetry/trace.ts';
import { enqueueMissing } from './due.ts';
import { jobs } from './job.sql.ts';
import { type Lease, type Outcome, transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
beforeEach(() => fixture.db.delete(jobs));
afterAll(() => fixture.stop());

const succeeded = { type: 'succeeded', result } as const;
const later: Outcome = { type: 'retrying', error: failure, delaySeconds: 3600 };
const postponed: Outcome = { type: 'postponed', error: failure, delaySeconds: 0 };
const slots = [{ kind: 'export.pdf' as const, slots: 10, mostOfTenant: 100 }];
const lease = { mostInAll: 100, leaseSeconds, worker: 'test' };

/** Accepts a job of a group; resolves to its id. */
async function accept(groupKey = 'group', db: Db = fixture.db, portfolioId = fixture.portfolioId) {
  const id = newId('job');
  const about = { kind: 'export.pdf', title: 'PDF', payload: {}, priority: 'normal' } as const;
  await transitions.accept(db, [
    {
      ...about,
      id,
      portfolioId,
      groupKey,
      requestedBy: 'owner',
      traceparent: traceparentOf(),
      maxAttempts: 5,
    },
  ]);
  return id;
}
const end = (held: Lease, outcome: Outcome = succeeded, db: Db = fixture.db) =>
  transitions.end(db, held, outcome);
const claimNext = (db: Db = fixture.db) =>
  transitions.claim(db, slots, { ...lease, token: fixture.leaseOn('').token });

/** The ids in the queue, after a check that it has exactly the queued jobs that are the first unfinished of their group. */
async function queue() {
  const [queued, expected] = await Promise.all([
    fixture.sql`select job_id, portfolio_id, kind, priority, turn from job_queue order by job_id`,
    fixture.sql`
      select id as job_id, portfolio_id, kind, priority, turn from (
        select distinct on (group_key) * from jobs where state in ('queued', 'running') order by group_key, turn) first
      where state = 'queued' order by id`,
  ]);
  expect([...queued]).toEqual([...expected]);
  return fixture.queue();
}

describe('the queue has exactly the first jobs of groups that wait', () => {
  test('when they are accepted and claimed, and when they end in any way', async () => {
    const [first, second] = [await accept(), await accept()];
    const other = await accept('other');
    expect(await queue()).toEqual([first, other]);
    const held = await fixture.claim(first);
    expect(await queue()).toEqual([other]);
    await end(held, later);
    expect(await queue()).toEqual([first, other]);
    await fixture.sql`update job_queue set due = true`;
    const again = await fixture.claim(first);
    await end(again, postponed);
    expect(await queue()).toEqual([first, other]);
    await end(await fixture.claim(first), { type: 'failed', error: failure });
    expect(await queue()).toEqual([second, other]);
    await end(await fixture.claim(second));
    expect(await queue()).toEqual([other]);
  });

  test('with the time from which a job may run', async () => {
    const held = await fixture.claim(await accept());
    const dueOf = async () => (await fixture.sql`select due, run_at > now() as "isLater" from job_queue`)[0];
    await end(held, later);
    expect(await dueOf()).toEqual({ due: false, isLater: true });
    await transitions.cancel(fixture.db, held.id);
    await accept();
    expect(await dueOf()).toEqual({ due: true, isLater: false });
  });

  test('when waiting ones are cancelled: the first, one behind it, and all together', async () => {
    const [first, second, third, fourth] = [await accept(), await accept(), await accept(), await accept()];
    await transitions.cancel(fixture.db, second);
    expect(await queue()).toEqual([first]);
    await transitions.cancel(fixture.db, first);
    expect(await queue()).toEqual([third]);
    const filter = { state: ['queued', 'running'] as const };
    const which = { portfolioId: fixture.portfolioId, filter: { state: [...filter.state] }, limit: 1000 };
    expect((await transitions.cancelMany(fixture.db, which)).changed).toHaveLength(2);
    expect(await queue()).toEqual([]);
    expect((await transitions.requeueMany(fixture.db, which)).changed).toEqual([]);
    await transitions.requeue(fixture.db, fourth);
    expect(await queue()).toEqual([fourth]);
  });

  test('when a running one is cancelled', async () => {
    const [first, second] = [await accept(), await accept()];
    const held = await fixture.claim(first);
    await transitions.cancel(fixture.db, first);
    expect(await queue()).toEqual([]);
    await transitions.acknowledgeCancel(fixture.db, held);
    expect(await queue()).toEqual([second]);
  });

  test('when workers are lost, and when a claim is undone', async () => {
    const [first, second] = [await accept(), await accept()];
    const held = await fixture.claim(first);
    await transitions.undoClaim(fixture.db, held.token, failure);
    expect(await queue()).toEqual([first]);
    await fixture.claim(first);
    await fixture.expire(first);
    await transitions.reapLost(fixture.db);
    expect(await queue()).toEqual([first]);
    await fixture.claim(first);
    await fixture.change(first, { attempt: sql`max_attempts` });
    await fixture.expire(first);
    await transitions.reapLost(fixture.db);
    expect((await fixture.read(first)).state).toBe('dead');
    expect(await queue()).toEqual([second]);
  });

  test('when a job is manually retried: behind those that wait', async () => {
    const first = await accept();
    await end(await fixture.claim(first), { type: 'failed', error: failure });
    const second = await accept();
    await transitions.requeue(fixture.db, first);
    expect(await queue()).toEqual([second]);
    await end(await fixture.claim(second));
    expect(await queue()).toEqual([first]);
  });

  test('when several attempts end in one statement', async () => {
    const groups = ['a', 'b', 'c'];
    const held: Lease[] = [];
    for (const group of groups) held.push(await fixture.claim(await accept(group)));
    const next = [await accept('a'), await accept('b'), await accept('c')];
    const ends = held.map((one) => ({ lease: one, outcome: succeeded }));
    expect(await transitions.endMany(fixture.db, ends)).toHaveLength(3);
    expect(await queue()).toEqual(next);
  });

  test('with the priority that they have now', async () => {
    await accept();
    const [, second] = [await accept('other'), await accept()];
    await fixture.sql`update jobs set priority = 0 where group_key = 'group'`;
    await queue();
    await transitions.cancel(fixture.db, (await fixture.queue())[0]!);
    await queue();
    expect(await fixture.sql`select priority from job_queue where job_id = ${second}`).toEqual([
      { priority: 0 },
    ]);
  });

  test('when a portfolio is deleted', async () => {
    const { id } = await operations.portfolio.create.run(fixture.as(owner), { slug: 'gone', name: 'Gone' });
    const left = await accept('left');
    await accept('gone', fixture.db, id);
    await fixture.ownerSql`update portfolios set purge_at = now() where id = ${id}`;
    await fixture.ownerSql`delete from portfolios where id = ${id}`;
    expect(await queue()).toEqual([left]);
  });
});

/** The number of connections that wait for a lock. */
async function countBlocked() {
  const [row] = await fixture.sql`
    select count(*)::int as blocked from pg_stat_activity
    where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`;
  return (row as { blocked: number }).blocked;
}

/** Runs `first` in a transaction that ends only when `second` has ended, or waits for it. */
async function overlap(first: (tx: Db) => Promise<unknown>, second: () => Promise<unknown>) {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = fixture.db.transaction(async (tx) => {
    await first(tx);
    begun.resolve();
    await release.promise;
  });
  await Promise.race([begun.promise, holding]);
  let hasEnded = false;
  const following = second().finally(() => (hasEnded = true));
  await eventually(async () => expect(hasEnded || (await countBlocked()) > 0).toBe(true), 5);
  release.resolve();
  await Promise.all([holding, following]);
}

describe('concurrent changes of one group', () => {
  test('a job that is accepted while the one before it ends has its turn', async () => {
    const held = await fixture.claim(await accept());
    let next: string | undefined;
    await overlap(
      (tx) => end(held, succeeded, tx),
      async () => (next = await accept()),
    );
    expect(await queue()).toEqual([next]);
  });

  test('the end of a job waits for one that is being accepted behind it, which then has its turn', async () => {
    const held = await fixture.claim(await accept());
    let next: string | undefined;
    await overlap(
      async (tx) => (next = await accept('group', tx)),
      () => end(held),
    );
    expect(await queue()).toEqual([next]);
  });

  test('a heartbeat does not wait for a job that is being accepted behind it', async () => {
    const held = await fixture.claim(await accept());
    await fixture.db.transaction(async (tx) => {
      await accept('group', tx);
      const found = await transitions.heartbeat(fixture.db, [held], leaseSeconds);
      expect(found).toMatchObject([{ id: held.id }]);
    });
  });

  test('of two jobs that are accepted together, one runs at a time, and both run', async () => {
    const ids: string[] = [];
    await overlap(
      async (tx) => ids.push(await accept('group', tx)),
      async () => ids.push(await accept()),
    );
    const started: string[] = [];
    for (let times = 0; times < 2; times++) {
      const token = fixture.leaseOn('').token;
      const { claimed } = await transitions.claim(fixture.db, slots, { ...lease, token });
      expect(claimed).toHaveLength(1);
      started.push(claimed[0]!.id);
      expect((await claimNext()).claimed).toEqual([]);
      await end({ id: claimed[0]!.id, token });
    }
    expect(started.toSorted()).toEqual(ids.toSorted());
  });

  test('the job behind one that is cancelled while the first one ends has its turn', async () => {
    const held = await fixture.claim(await accept());
    const [cancelled, next] = [await accept(), await accept()];
    await overlap(
      (tx) => transitions.cancel(tx, cancelled),
      () => end(held),
    );
    expect(await queue()).toEqual([next]);
  });

  test('the job behind one that is cancelled just after the first one ended has its turn', async () => {
    const held = await fixture.claim(await accept());
    const [cancelled, next] = [await accept(), await accept()];
    await overlap(
      (tx) => end(held, succeeded, tx),
      () => transitions.cancel(fixture.db, cancelled),
    );
    expect(await queue()).toEqual([next]);
  });

  test('a job whose priority is raised while the one before it ends has that priority', async () => {
    for (const isRaisedFirst of [true, false]) {
      const held = await fixture.claim(await accept());
      const next = await accept();
      const raise = (db: Db) => db.execute(sql`update jobs set priority = 0 where id = ${next}`);
      await (isRaisedFirst
        ? overlap(raise, () => end(held))
        : overlap(
            (tx) => end(held, succeeded, tx),
            () => raise(fixture.db),
          ));
      expect(await queue()).toEqual([next]);
      await fixture.db.delete(jobs);
    }
  });

  test('a job that was accepted while a later one ended has its turn, even if a claim met it meanwhile', async () => {
    const ended = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    const { earlier, ending } = await fixture.db.transaction(async (accepting) => {
      const id = await accept('group', accepting);
      const held = await fixture.claim(await accept());
      const committing = fixture.db.transaction(async (tx) => {
        await end(held, succeeded, tx);
        ended.resolve();
        await mayCommit.promise;
      });
      await ended.promise;
      return { earlier: id, ending: committing };
    });
    expect((await claimNext()).claimed).toEqual([]);
    mayCommit.resolve();
    await ending;
    expect(await queue()).toEqual([earlier]);
  });

  test('a job is not lost to a claim that saw the job before it still running', async () => {
    const ids: string[] = [];
    // Both are in the queue: neither saw the other.
    await overlap(
      async (tx) => ids.push(await accept('group', tx)),
      async () => ids.push(await accept()),
    );
    const [first, second] = (await fixture.queue()) as [string, string];
    const held = await fixture.claim(first);
    // The claim has seen what it will take, and stops before it takes it.
    const gate = postgres(fixture.databaseUrl, { max: 1, onnotice: () => {} });
    await gate`create function wait_at_gate() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock_shared(1); return new; end'`;
    await gate`create trigger wait_at_gate before update of due on job_queue for each row execute function wait_at_gate()`;
    await gate`select pg_advisory_lock(1)`;
    const claiming = claimNext();
    await eventually(async () => expect(await countBlocked()).toBe(1), 5);
    let hasEnded = false;
    const ending = end(held).finally(() => (hasEnded = true));
    await eventually(async () => expect(hasEnded || (await countBlocked()) === 2).toBe(true), 5);
    await gate`select pg_advisory_unlock(1)`;
    expect((await claiming).claimed).toEqual([]);
    await ending;
    await gate`drop function wait_at_gate cascade`;
    await gate.end();
    expect(await queue()).toEqual([second]);
    expect((await claimNext()).claimed).toMatchObject([{ id: second }]);
  });
});

const insert = async (groupKey = 'group') => {
  const id = newId('job');
  await fixture.sql`
    insert into jobs (id, portfolio_id, kind, title, state, group_key, priority, payload, requested_by, max_attempts, last_seq)
    values (${id}, ${fixture.portfolioId}, 'export.pdf', 'PDF', 'queued', ${groupKey}, 1, '{}', 'owner', 5, 1)`;
  await fixture.sql`
    insert into job_events (job_id, seq, type, state, attempt, progress) values (${id}, 1, 'queued', 'queued', 0, 0)`;
  return id;
};
const claimAsBefore = (id: string) => fixture.sql`
  update jobs set last_seq = last_seq + 1, updated_at = now(), state = 'running', attempt = attempt + 1, progress = 0,
    step = null, started_at = now(), lease_token = gen_random_uuid(), lease_until = now() + interval '30 seconds'
  where id = ${id} and state = 'queued' and run_at <= now()`;
const succeedAsBefore = (id: string) => fixture.sql`
  update jobs set last_seq = last_seq + 1, updated_at = now(), state = 'succeeded', progress = 1, result = '{}',
    finished_at = now(), lease_token = null, lease_until = null
  where id = ${id} and state = 'running'`;
const retryAsBefore = (id: string) => fixture.sql`
  update jobs set last_seq = last_seq + 1, updated_at = now(), state = 'queued', progress = 0, step = null,
    run_at = now() + interval '1 hour', enqueued_at = null, lease_token = null, lease_until = null
  where id = ${id} and state = 'running'`;

describe('the statements of release 0.1.0', () => {
  test('feed the queue: a job that it accepts, and the next one after one that it ends', async () => {
    const [first, second] = [await insert(), await insert()];
    expect(await queue()).toEqual([first]);
    await claimAsBefore(first);
    await succeedAsBefore(first);
    expect(await queue()).toEqual([second]);
    await claimAsBefore(second);
    await retryAsBefore(second);
    expect(await queue()).toEqual([second]);
    expect(await fixture.sql`select due from job_queue`).toEqual([{ due: false }]);
  });

  test('remove the row of a job that it claims', async () => {
    const [first, second] = [await insert('first'), await insert('second')];
    await claimAsBefore(first);
    expect(await queue()).toEqual([second]);
  });

  test('remove the row of a job that it claims after this release has', async () => {
    const first = await insert('first');
    await end(await fixture.claim(first), postponed);
    await claimAsBefore(first);
    expect(await queue()).toEqual([]);
  });

  test('may end a job that was claimed by this release, and the other way round', async () => {
    const [first, second] = [await insert(), await insert()];
    await fixture.claim(first);
    await succeedAsBefore(first);
    expect(await queue()).toEqual([second]);
    await claimAsBefore(second);
    const [{ token }] = (await fixture.sql`
      select lease_token as token from jobs where id = ${second}`) as unknown as [{ token: string }];
    expect(await end({ id: second, token })).toBeDefined();
    expect(await queue()).toEqual([]);
  });

  test('cannot mark a job dead that waits', async () => {
    const id = await insert();
    const bury = fixture.sql`update jobs set last_seq = last_seq + 1, state = 'dead', finished_at = now() where id = ${id}`;
    await expect(bury).rejects.toMatchObject({ constraint_name: 'jobs_move' });
    expect(await queue()).toEqual([id]);
  });
});

describe('rows that were lost', () => {
  test('are added again, and no others', async () => {
    const ids = [await accept('a'), await accept('b'), await accept('c')];
    await accept('a');
    await fixture.claim(ids[1]!);
    await accept('b');
    await end(await fixture.claim(ids[2]!), later);
    expect(await enqueueMissing(fixture.db)).toBe(0);
    await fixture.sql`delete from job_queue`;
    expect(await enqueueMissing(fixture.db)).toBe(2);
    expect(await queue()).toEqual([ids[0], ids[2]]);
    expect(await fixture.sql`select due from job_queue order by turn`).toEqual([
      { due: true },
      { due: false },
    ]);
    expect(await claimJob(fixture.db, fixture.leaseOn(ids[0]!), leaseSeconds)).toBeDefined();
  });
});
