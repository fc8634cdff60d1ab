import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import {
  failure,
  type JobFixture,
  jobFixture,
  leaseSeconds,
  makeDue,
  owner,
  result,
} from '../../../../tests/support/jobs.ts';
import type { Db } from '../context.ts';
import { operations } from '../index.ts';
import { queueJobs } from './accept.ts';
import { enqueueDue } from './due.ts';
import { jobLimits, jobPauses, jobs } from './job.sql.ts';
import type { JobKind } from './kinds.ts';
import { limitJobs } from './limits.ts';
import { pauseJobs, resumeJobs } from './pauses.ts';
import type { JobPriority } from './priority.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
let quiet: string;
let third: string;
beforeAll(async () => {
  fixture = await jobFixture();
  [quiet, third] = [await portfolio('quiet'), await portfolio('third')];
});
beforeEach(async () => {
  await fixture.db.delete(jobs);
  await fixture.db.delete(jobPauses);
  await fixture.db.delete(jobLimits);
});
afterAll(() => fixture.stop());

const portfolio = async (slug: string) =>
  (await operations.portfolio.create.run(fixture.as(owner), { slug, name: slug })).id;

type Asked = {
  kind?: JobKind;
  portfolioId?: string;
  groupKey?: string;
  priority?: JobPriority | undefined;
};
let number = 0;
/** Queues a job that no study belongs to; resolves to its id. */
async function queued({
  kind = 'export.pdf',
  portfolioId = fixture.portfolioId,
  groupKey = `group-${(number += 1)}`,
  priority = 'normal',
}: Asked = {}) {
  const about = { subject: 'a study', payload: { caseStudyId: 'cs_none' }, requestedBy: 'owner' };
  const request = { ...about, kind, portfolioId, groupKey, priority } as Parameters<typeof queueJobs>[1][0];
  const [job] = await queueJobs(fixture.db, [request]);
  return job!.jobId;
}
async function many(count: number, of: Asked = {}) {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) ids.push(await queued(of));
  return ids;
}
/** Queues any number of jobs with one statement. */
const crowd = (count: number, portfolioId: string, groups = count) => fixture.sql`
  insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
  select 'job_' || ${portfolioId} || n, ${portfolioId}, 'export.pdf', 'PDF', 'queued',
    ${portfolioId} || n % ${groups}::int, '{}', 'owner', 5, 1
  from generate_series(1, ${count}::int) n`;

const byId = (one = '', other = '') => (one < other ? -1 : 1);

type Slots = Partial<Record<JobKind, number>>;
const claimAll = (
  slots: Slots,
  {
    mostOfTenant = 1000,
    mostInAll = 1000,
    after = '',
    db = fixture.db,
    oneByOne = false,
  }: { mostOfTenant?: number; mostInAll?: number; after?: string; db?: Db; oneByOne?: boolean } = {},
) => {
  const kinds = Object.entries(slots) as [JobKind, number][];
  const wanted = kinds.map(([kind, free]) => ({ kind, slots: free, mostOfTenant, after }));
  return transitions.claim(db, wanted, {
    mostInAll,
    oneByOne,
    token: fixture.leaseOn('').token,
    leaseSeconds,
    worker: 'test',
  });
};
/** Claims jobs; resolves to their ids in the order in which they were accepted. */
const claim = async (slots: Slots | number = 1, limits: Parameters<typeof claimAll>[1] = {}) => {
  const { claimed } = await claimAll(typeof slots === 'number' ? { 'export.pdf': slots } : slots, limits);
  return claimed.map(({ id }) => id).toSorted();
};
/** Claims one job after the other, until none is left. */
async function claimInOrder(limits?: Parameters<typeof claimAll>[1]) {
  const order: string[] = [];
  for (;;) {
    const [id] = await claim(1, limits);
    if (id === undefined) return order;
    order.push(id);
  }
}
async function end(
  id: string,
  outcome: Parameters<typeof transitions.end>[2] = { type: 'succeeded', result },
) {
  const [row] = await fixture.sql`select lease_token from jobs where id = ${id}`;
  const { lease_token: token } = row as { lease_token: string };
  expect(await transitions.end(fixture.db, { id, token }, outcome)).toBeDefined();
}

describe('jobs of one group', () => {
  const groupKey = 'same';

  test('are claimed one at a time, in the order in which they were accepted', async () => {
    for (const id of await many(4, { groupKey })) {
      expect(await claim(10)).toEqual([id]);
      expect(await claim(10)).toEqual([]);
      await end(id);
    }
    expect(await claim(10)).toEqual([]);
  });

  test('wait for one that will be retried', async () => {
    const [first, second] = await many(2, { groupKey });
    await claim();
    await end(first!, { type: 'retrying', error: failure, delaySeconds: 3600 });
    expect(await claim(10)).toEqual([]);

    await transitions.cancel(fixture.db, first!);
    expect(await claim(10)).toEqual([second]);
  });

  test('run before one of them that is manually requeued', async () => {
    const first = await queued({ groupKey });
    await claim();
    await end(first, { type: 'failed', error: failure });
    const second = await queued({ groupKey });
    await transitions.requeue(fixture.db, first);
    expect(await claim(10)).toEqual([second]);
    await end(second);
    expect(await claim(10)).toEqual([first]);
  });

  test('keep their order while jobs are accepted and end concurrently, and none is forgotten', async () => {
    const groups = ['a', 'b', 'c', 'd'];
    const accepted = new Map<string, string[]>(groups.map((group) => [group, []]));
    const started: string[] = [];
    let left = groups.length * 12;
    const accepting = groups.map(async (group) => {
      for (let at = 0; at < 12; at++) accepted.get(group)!.push(await queued({ groupKey: group }));
    });
    const working = [1, 2, 3].map(async () => {
      while (left > 0) {
        const { claimed } = await claimAll({ 'export.pdf': 2 });
        for (const { id, attempt } of claimed) {
          if (attempt === 1) started.push(id);
          const isAgain = attempt === 1 && left % 3 === 0;
          await end(id, isAgain ? { type: 'retrying', error: failure, delaySeconds: 0 } : undefined);
          if (!isAgain) left -= 1;
        }
      }
    });
    await Promise.all([...accepting, ...working]);
    for (const ids of accepted.values()) expect(started.filter((id) => ids.includes(id))).toEqual(ids);
    expect(await fixture.db.$count(jobs, sql`state = 'succeeded'`)).toBe(started.length);
  });

  test('never run two at a time, even if they are accepted and claimed concurrently', async () => {
    for (let round = 0; round < 10; round++) {
      const group = { groupKey: `round-${round}` };
      const claims = Array.from({ length: 5 }, async () => {
        await queued(group);
        return claim(5);
      });
      const claimed = (await Promise.all(claims)).flat();
      expect(claimed.length).toBeLessThanOrEqual(1);
      const running = sql`group_key = ${group.groupKey} and state = 'running'`;
      expect(await fixture.db.$count(jobs, running)).toBe(claimed.length);
      await fixture.db.delete(jobs);
    }
  });

  test('get the priority of a later job of the group, but never a lower one', async () => {
    const ask = async (priority: JobPriority) =>
      operations.caseStudy.export.run(fixture.as(owner), { portfolio: 'team', slug: 'faster', priority });
    const first = await ask('low');
    const before = await queued();
    const urgent = await ask('high');
    await ask('low');
    expect((await fixture.read(first.id)).priority).toBe('high');
    expect((await fixture.read(urgent.id)).priority).toBe('high');
    expect(await claimInOrder()).toEqual([first.id, before]);
  });

  test('are refused once a hundred of them wait', async () => {
    const at = { portfolio: 'team', slug: 'wanted' };
    await operations.caseStudy.create.run(fixture.as(owner), { ...at, title: 'Wanted' });
    const ask = () => operations.caseStudy.export.run(fixture.as(owner), at);
    const { id } = await ask();
    await fixture.sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
      select 'job_' || lpad(n::text, 26, '0'), portfolio_id, kind, title, state, group_key, payload, requested_by, 5, 1
      from jobs, generate_series(1, 99) n where id = ${id}`;
    await expect(ask()).rejects.toMatchObject({ code: 'conflict' });
    await fixture.cancel(id);
    expect(await ask()).toMatchObject({ state: 'queued' });
  });

  test('cannot run two at a time in the database itself', async () => {
    const [, second] = await many(2, { groupKey });
    await claim();
    const values = { state: sql`'running'`, lastSeq: sql`last_seq + 1`, leaseToken: sql`gen_random_uuid()` };
    await expect(fixture.change(second!, values)).rejects.toMatchObject({
      cause: { constraint_name: 'jobs_group_running' },
    });
  });
});

describe('free slots', () => {
  test('go to the portfolio with the fewest running jobs first', async () => {
    const crowded = await many(5);
    expect(await claim(2)).toEqual(crowded.slice(0, 2));
    const [one, two, three] = await many(3, { portfolioId: quiet });
    expect(await claim()).toEqual([one]);
    expect(await claim()).toEqual([two]);
    // Now both have two running jobs: the older one is next.
    expect(await claim()).toEqual([crowded[2]]);
    expect(await claim()).toEqual([three]);
  });

  test('that are claimed together go to portfolios in turn', async () => {
    const crowded = await many(6);
    const others = [...(await many(2, { portfolioId: quiet })), ...(await many(1, { portfolioId: third }))];
    expect(await claim(3)).toEqual([crowded[0], others[0], others[2]].toSorted(byId));
    expect(await claim(3)).toEqual([crowded[1], crowded[2], others[1]].toSorted(byId));
  });

  test('are given by what runs of the kind: deliveries do not delay exports', async () => {
    await many(3, { kind: 'webhook.deliver' });
    await claim({ 'webhook.deliver': 3 });
    const [mine] = await many(1);
    await many(1, { portfolioId: quiet });
    expect(await claim()).toEqual([mine]);
  });

  test('go to urgent jobs of a portfolio first, then to older ones', async () => {
    const [low, normal, high, older] = [
      await queued({ priority: 'low' }),
      await queued({ priority: 'normal' }),
      await queued({ priority: 'high' }),
      await queued({ priority: 'normal' }),
    ];
    expect(await claimInOrder()).toEqual([high, normal, older, low]);
  });

  test('go to portfolios in turn where none has fewer running jobs, whatever their priority and age', async () => {
    const portfolios = [fixture.portfolioId, quiet, third].toSorted();
    const ids = new Map<string, string>();
    for (const portfolioId of portfolios)
      ids.set(portfolioId, await queued({ portfolioId, priority: 'high' }));
    const newest = await queued({ portfolioId: portfolios[1]!, priority: 'low' });
    for (const [at, portfolioId] of portfolios.entries()) {
      const [claimed] = await claim(1, { after: portfolios[at - 1] ?? '' });
      expect(claimed).toBe(ids.get(portfolioId));
      await end(claimed!);
    }
    expect(await claim(1, { after: portfolios[2]! })).toEqual([newest]);
  });

  test('of one kind leave room for another kind within the limit of all kinds', async () => {
    await many(20, { kind: 'evidence.sync', priority: 'high' });
    await many(1);
    expect(await claim({ 'evidence.sync': 1, 'export.pdf': 1 }, { mostInAll: 10 })).toHaveLength(2);
  });

  test('are filled by kind, and a kind without a free slot is not touched', async () => {
    const exports = await many(3);
    const syncs = await many(3, { kind: 'evidence.sync' });
    const deliveries = await many(2, { kind: 'webhook.deliver' });
    expect(await claim({ 'export.pdf': 2, 'webhook.deliver': 4 })).toEqual(
      [...exports.slice(0, 2), ...deliveries].toSorted(byId),
    );
    expect(await claim({ 'evidence.sync': 1 })).toEqual(syncs.slice(0, 1));
    expect((await fixture.read(exports[2]!)).state).toBe('queued');
  });

  test('give each attempt one lease with the name of its worker, in the job and in its event', async () => {
    const ids = await many(2);
    const { claimed } = await claimAll({ 'export.pdf': 2 });
    expect(claimed).toHaveLength(2);
    expect(claimed[0]).toMatchObject({
      kind: 'export.pdf',
      portfolioId: fixture.portfolioId,
      payload: { caseStudyId: 'cs_none' },
      attempt: 1,
      maxAttempts: 5,
    });
    const leases = await fixture.sql`select distinct lease_token, worker from jobs`;
    expect(leases).toMatchObject([{ worker: 'test' }]);
    for (const id of ids)
      expect((await fixture.eventsOf(id)).at(-1)).toMatchObject({ type: 'started', worker: 'test' });
  });
});

describe('a portfolio', () => {
  test('with thousands of jobs does not delay those of another by more than one', async () => {
    await crowd(2000, fixture.portfolioId);
    await claim(1);
    const other = await queued({ portfolioId: quiet });
    expect(await claim(1)).toEqual([other]);
  });

  test('has a limit of running jobs by kind', async () => {
    const ids = await many(5);
    await many(1, { portfolioId: quiet });
    expect(await claim(10, { mostOfTenant: 3 })).toHaveLength(4);
    expect(await claim(10, { mostOfTenant: 3 })).toEqual([]);
    await end(ids[0]!);
    expect(await claim(10, { mostOfTenant: 3 })).toEqual([ids[3]]);
    // Another kind has a limit of its own.
    const [sync] = await many(1, { kind: 'evidence.sync' });
    expect(await claim({ 'evidence.sync': 10 }, { mostOfTenant: 3 })).toEqual([sync]);
  });

  test('has a limit of running jobs in all, which urgent ones reach first', async () => {
    const exports = await many(3);
    const syncs = await many(3, { kind: 'evidence.sync', priority: 'high' });
    const [other] = await many(1, { portfolioId: quiet });
    const slots = { 'export.pdf': 10, 'evidence.sync': 10 };
    expect(await claim(slots, { mostInAll: 4 })).toEqual([exports[0], ...syncs, other].toSorted(byId));
    expect(await claim(slots, { mostInAll: 4 })).toEqual([]);
    await end(exports[0]!);
    expect(await claim(slots, { mostInAll: 4 })).toEqual([exports[1]]);
  });
});

const allOf = async () => ({
  exported: await queued(),
  synced: await queued({ kind: 'evidence.sync' }),
  other: await queued({ portfolioId: quiet }),
});

describe('a pause', () => {
  const everything = { 'export.pdf': 10, 'evidence.sync': 10 };
  test('of everything keeps all jobs from starting until it is resumed', async () => {
    const ids = await allOf();
    await pauseJobs(fixture.db, {}, 'Maintenance');
    expect(await claim(everything)).toEqual([]);
    const kinds = await resumeJobs(fixture.db, {});
    expect(kinds.toSorted()).toEqual(['evidence.sync', 'export.pdf']);
    expect(await claim(everything)).toEqual(Object.values(ids).toSorted(byId));
  });

  test('of a kind, of a portfolio or of both concerns only those', async () => {
    const { exported, synced, other } = await allOf();
    await pauseJobs(fixture.db, { kind: 'evidence.sync' }, 'A source is overloaded');
    await pauseJobs(fixture.db, { portfolioId: quiet }, 'Abuse');
    expect(await claim(everything)).toEqual([exported]);
    await resumeJobs(fixture.db, { kind: 'evidence.sync' });
    await pauseJobs(fixture.db, { portfolioId: quiet, kind: 'evidence.sync' }, 'Abuse');
    expect(await claim(everything)).toEqual([synced]);
    await resumeJobs(fixture.db, { portfolioId: quiet });
    expect(await claim(everything)).toEqual([other]);
    const both = await queued({ portfolioId: quiet, kind: 'evidence.sync' });
    expect(await claim(everything)).toEqual([]);
    await resumeJobs(fixture.db, { portfolioId: quiet, kind: 'evidence.sync' });
    expect(await claim(everything)).toEqual([both]);
  });

  test('ends only by a resume of its own scope, and has one reason', async () => {
    await allOf();
    await pauseJobs(fixture.db, {}, 'First');
    await pauseJobs(fixture.db, {}, 'Second');
    await resumeJobs(fixture.db, { kind: 'export.pdf' });
    await resumeJobs(fixture.db, { portfolioId: quiet });
    expect(await claim(everything)).toEqual([]);
    expect(await fixture.db.select().from(jobPauses)).toMatchObject([
      { portfolioId: null, kind: null, reason: 'Second' },
    ]);
  });

  test('neither ends running jobs nor prevents a cancellation', async () => {
    const [running, waiting] = await many(2);
    await claim();
    await pauseJobs(fixture.db, {}, 'Maintenance');
    await end(running!);
    expect(await fixture.cancel(waiting!)).toMatchObject({ state: 'cancelled' });
  });
});

const syncs = (count: number, portfolioId = fixture.portfolioId) =>
  many(count, { kind: 'evidence.sync', portfolioId });

describe('a limit of an operator', () => {
  const slots = { 'export.pdf': 10, 'evidence.sync': 10 };
  const reason = 'A fragile source';
  const limit = (scope: Parameters<typeof limitJobs>[1], mostRunning: number | null) =>
    limitJobs(fixture.db, scope, mostRunning === null ? null : { mostRunning, reason });

  test('of a kind concerns the jobs of all portfolios together, which share it in turn', async () => {
    const [own, others] = [await syncs(3), await syncs(3, quiet)];
    const exported = await many(4);
    await limit({ kind: 'evidence.sync' }, 2);
    expect(await claim(slots)).toEqual([own[0], others[0], ...exported].toSorted(byId));
    expect(await claim(slots)).toEqual([]);
    await end(own[0]!);
    expect(await claim(slots)).toEqual([own[1]]);
  });

  test('of a portfolio concerns its jobs of all kinds together, and delays no other portfolio', async () => {
    const exported = await many(30);
    await syncs(3);
    const others = await many(2, { portfolioId: quiet });
    await limit({ portfolioId: fixture.portfolioId }, 1);
    expect(await claim(slots)).toEqual([exported[0], ...others].toSorted(byId));
    const later = [...(await many(2, { portfolioId: third })), ...(await syncs(2, quiet))];
    expect(await claim(slots)).toEqual(later.toSorted(byId));
    expect(await claim(slots)).toEqual([]);
    await end(exported[0]!);
    expect(await claim(slots)).toHaveLength(1);
  });

  test('of both concerns only those', async () => {
    const [own, others] = [await syncs(3), await syncs(3, quiet)];
    const exported = await many(2);
    await limit({ portfolioId: fixture.portfolioId, kind: 'evidence.sync' }, 1);
    expect(await claim(slots)).toEqual([own[0], ...others, ...exported].toSorted(byId));
    expect(await claim(slots)).toEqual([]);
  });

  test('can only lower what the shares of a portfolio and the slots of a worker allow', async () => {
    await many(9);
    await limit({ portfolioId: fixture.portfolioId }, 100);
    await limit({ kind: 'export.pdf' }, 100);
    await limit({ portfolioId: fixture.portfolioId, kind: 'export.pdf' }, 100);
    expect(await claim(3, { mostOfTenant: 2 })).toHaveLength(2);
    expect(await claim(3, { mostInAll: 4 })).toHaveLength(2);
    expect(await claim(3)).toHaveLength(3);
  });

  test('below what runs already takes nothing from it, and the latest value counts until it is removed', async () => {
    const ids = await many(6);
    expect(await claim(3)).toHaveLength(3);
    await limit({ kind: 'export.pdf' }, 1);
    for (const id of ids.slice(0, 2)) {
      await end(id);
      expect(await claim(3)).toEqual([]);
    }
    await limit({ kind: 'export.pdf' }, 2);
    expect(await claim(3)).toEqual([ids[3]]);
    expect(await limitJobs(fixture.db, { portfolioId: quiet }, null)).toEqual(['export.pdf']);
    expect(await claim(3)).toEqual([]);
    await limit({ kind: 'export.pdf' }, null);
    expect(await claim(3)).toEqual([ids[4], ids[5]]);
  });

  test('is not exceeded by simultaneous claims that are made one by one', async () => {
    await syncs(8);
    await limit({ kind: 'evidence.sync' }, 3);
    const two = { 'evidence.sync': 2 };
    const claims = await fixture.db.transaction(async (tx) => {
      const first = await claimAll(two, { db: tx, oneByOne: true });
      const second = claimAll(two, { oneByOne: true });
      await eventually(async () => {
        const waiting = await fixture.sql`
          select from pg_locks join pg_database on oid = database
          where datname = current_database() and locktype = 'advisory' and not granted`;
        expect(waiting).toHaveLength(1);
      });
      return [first, second] as const;
    });
    expect(claims[0].claimed).toHaveLength(2);
    expect((await claims[1]).claimed).toHaveLength(1);
  });

  test('is reported to whoever claims, as is that there is none', async () => {
    expect(await claimAll(slots)).toMatchObject({ claimed: [], isLimited: false });
    await limit({ portfolioId: quiet }, 1);
    expect(await claimAll(slots)).toMatchObject({ claimed: [], isLimited: true });
  });
});

/** A job that waits for its second attempt. */
async function waitingForRetry(delaySeconds = 3600) {
  const id = await queued();
  await claim();
  await end(id, { type: 'retrying', error: failure, delaySeconds });
  return id;
}

describe('a job whose time has not come', () => {
  test('is not claimed, and is due from its time on, whenever the sweep finds it', async () => {
    const id = await waitingForRetry();
    expect(await enqueueDue(fixture.db)).toEqual([]);
    expect(await claim(10)).toEqual([]);
    const past = sql`now() - interval '1 minute'`;
    await fixture.change(id, { runAt: past });
    await fixture.db.execute(sql`update job_queue set run_at = ${past} where job_id = ${id}`);
    expect(await enqueueDue(fixture.db)).toEqual(['export.pdf']);
    expect(await enqueueDue(fixture.db)).toEqual([]);
    const [row] =
      await fixture.sql`select ready_at < now() - interval '50 seconds' as "isSince" from job_queue`;
    expect(row).toEqual({ isSince: true });
    expect(await claim(10)).toEqual([id]);
  });

  test('is made due once by concurrent sweeps, without waiting for each other', async () => {
    for (let times = 0; times < 5; times++) await waitingForRetry();
    await fixture.sql`update job_queue set run_at = now()`;
    const found = await Promise.all([1, 2, 3].map(() => enqueueDue(fixture.db)));
    expect(found.flat().length).toBeGreaterThan(0);
    expect(await fixture.db.$count(sql`job_queue where due`)).toBe(5);
  });

  test('does not take the slot of one that is due', async () => {
    await waitingForRetry();
    const due = await queued({ priority: 'low' });
    expect(await claim(1)).toEqual([due]);
  });

  test('is claimed at its time with as many attempts as it has left', async () => {
    const id = await waitingForRetry();
    await makeDue(fixture.db, id);
    const { claimed } = await claimAll({ 'export.pdf': 1 });
    expect(claimed).toMatchObject([{ id, attempt: 2, maxAttempts: 5 }]);
  });
});

const claimUntilEmpty = async () => {
  const taken: string[] = [];
  for (;;) {
    const { claimed, contended } = await claimAll({ 'export.pdf': 4 });
    taken.push(...claimed.map(({ id }) => id));
    if (claimed.length === 0 && contended.length === 0) return taken;
  }
};

describe('concurrent claims', () => {
  test('never take a job twice, and take all of them together', async () => {
    for (const of of [fixture.portfolioId, quiet, third]) await crowd(20, of);
    const taken = (await Promise.all([1, 2, 3, 4].map(claimUntilEmpty))).flat();
    expect(taken).toHaveLength(60);
    expect(new Set(taken).size).toBe(60);
    expect(await fixture.queue()).toEqual([]);
  });

  test.each([
    ['job', sql`jobs where id`],
    ['row of the queue', sql`job_queue where job_id`],
  ])(
    'do not wait for a %s that another transaction has locked, and say that there was one',
    async (_, row) => {
      const [locked, free] = await many(2);
      await fixture.db.transaction(async (tx) => {
        await tx.execute(sql`select from ${row} = ${locked} for update`);
        const { claimed, contended } = await claimAll({ 'export.pdf': 2 });
        expect(claimed).toMatchObject([{ id: free }]);
        expect(contended).toEqual(['export.pdf']);
      });
      expect(await claim(2)).toEqual([locked]);
    },
  );
});

test('a claim reads as many rows with thousands of waiting jobs as with a few', async () => {
  async function rowsRead() {
    return fixture.db.transaction(async (tx) => {
      const count = async () => {
        const [row] = await tx.execute<{ rows: number }>(sql`
          select sum(idx_tup_fetch + seq_tup_read)::int as rows from pg_stat_xact_user_tables
          where relname in ('jobs', 'job_queue')`);
        return row!.rows;
      };
      const before = await count();
      const { claimed } = await claimAll({ 'export.pdf': 2 }, { db: tx });
      expect(claimed).toHaveLength(2);
      return (await count()) - before;
    });
  }
  await crowd(30, fixture.portfolioId);
  const few = await rowsRead();
  // Waiting in full groups of one portfolio, and due in another.
  await crowd(3000, quiet, 5);
  await crowd(3000, third);
  expect(await rowsRead()).toBeLessThan(few + 50);
});
