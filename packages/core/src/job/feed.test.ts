import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { type JobFixture, jobFixture, owner, result } from '../../../../tests/support/jobs.ts';
import { silentLog, user } from '../../../../tests/support/services.ts';
import type { Actor } from '../actor.ts';
import type { Db, FeedListener } from '../context.ts';
import { operations } from '../index.ts';
import type { Receiver, Tracked } from '../stream.ts';
import { createJobFeed } from './feed.ts';
import { type News, readNews } from './news.ts';
import type { Job, JobStreamItem } from './schemas.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
/** The owner of the database, in connections of its own. */
let admin: postgres.Sql;
beforeAll(async () => {
  fixture = await jobFixture();
  admin = postgres(fixture.databaseUrl, { max: 4, onnotice: () => {} });
});
afterAll(async () => {
  await admin.end();
  await fixture.stop();
});

/** A client that takes items until it is full. */
class Client<T> implements Receiver<T> {
  items: Tracked<T>[] = [];
  full = false;
  ended: unknown[] = [];
  item(item: Tracked<T>) {
    this.items.push(item);
  }
  isFull() {
    return this.full;
  }
  end(error?: unknown) {
    this.ended.push(error);
  }
  get cursor() {
    return this.items.at(-1)?.cursor;
  }
}

async function watchChanges(lastEventId?: string, actor = owner) {
  const client = new Client<Job>();
  const stream = await operations.job.changes.open(fixture.as(actor), { lastEventId }, client);
  return Object.assign(client, {
    stream,
    seen: () => client.items.map(({ data }) => `${data.id} ${data.state}`),
  });
}

async function watchEvents(id: string, lastEventId?: string) {
  const client = new Client<JobStreamItem>();
  const stream = await operations.job.events.open(fixture.as(owner), { id, lastEventId }, client);
  return Object.assign(client, { stream, seqs: () => client.items.map(({ cursor }) => Number(cursor)) });
}

/** Changes a job in a transaction that is committed later. */
async function changeLate(id: string) {
  const [begun, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = admin.begin(async (tx) => {
    await tx`update jobs set last_seq = last_seq + 1, title = 'Late' where id = ${id}`;
    await tx`insert into job_events (job_id, seq, type, state, attempt, progress)
      select id, last_seq, 'progress', state, attempt, progress from jobs where id = ${id}`;
    begun.resolve();
    await commit.promise;
  });
  await begun.promise;
  return async () => {
    commit.resolve();
    await done;
    fixture.hint(id);
  };
}

/** Writes 2,000 events of a job in one transaction. */
const addEvents = (id: string, after: number) =>
  admin`insert into job_events (job_id, seq, type, state, attempt, progress)
    select ${id}, ${after}::int + n, 'progress', 'running', 1, 0 from generate_series(1, 2000) n`;

/** Counts the statements of the API's pool while something runs. */
async function statementsOf(run: () => Promise<unknown>) {
  const statements: string[] = [];
  fixture.sql.options.debug = (_connection, query) => void statements.push(query);
  await run();
  fixture.sql.options.debug = false;
  return statements;
}

describe('a change', () => {
  test('whose transaction commits after later ones is seen, by who follows and by who resumes', async () => {
    const [late, other] = [await fixture.accept(), await fixture.claimed()];
    const client = await watchChanges();
    const events = await watchEvents(late.id);
    const commit = await changeLate(late.id);
    client.items = [];
    // Moves the cursor on, past the number of the transaction that is not committed yet.
    await transitions.progress(fixture.db, other, { progress: 0.5, step: 'Working' });
    fixture.hint(other.id);
    await eventually(() => expect(client.seen()).toEqual([`${other.id} running`]));
    const { cursor } = client;
    await commit();
    await eventually(() => expect(client.seen()).toEqual([`${other.id} running`, `${late.id} queued`]));
    await eventually(() => expect(events.seqs()).toEqual([1, 2]));
    const resumed = await watchChanges(cursor);
    expect(resumed.items.map(({ data }) => [data.id, data.lastSeq])).toEqual([[late.id, 2]]);
    for (const { stream } of [client, events, resumed]) stream.close();
  });

  test('is not delayed by a transaction that goes on', async () => {
    const [open, job] = [await fixture.accept(), await fixture.claimed()];
    const commit = await changeLate(open.id);
    const client = await watchEvents(job.id);
    await transitions.progress(fixture.db, job, { progress: 0.5, step: 'Working' });
    fixture.hint(job.id);
    await eventually(() => expect(client.seqs()).toEqual([2, 3]));
    client.stream.close();
    await commit();
  });

  test('is found by one statement, however many watch', async () => {
    const jobs = await Promise.all(Array.from({ length: 3 }, () => fixture.claimed()));
    const clients = await Promise.all(
      Array.from({ length: 30 }, (_, at) => [watchChanges(), watchEvents(jobs[at % 3]!.id)]).flat(),
    );
    const statements = await statementsOf(async () => {
      for (const job of jobs)
        await transitions.progress(fixture.workerDb, job, { progress: 0.5, step: 'Working' });
      for (const job of jobs) fixture.hint(job.id);
      await eventually(() => {
        for (const { items } of clients) expect(items.length).toBeGreaterThan(1);
      });
    });
    const reads = statements.filter((statement) => !/notify/.test(statement));
    // The safety poll of the bus may add one.
    expect(reads.length).toBeLessThanOrEqual(2);
    for (const statement of reads) expect(statement).toContain('as news');
    for (const { stream } of clients) stream.close();
    expect(
      await statementsOf(async () => fixture.jobBus.publish({ jobId: jobs[0]!.id, portfolioId: '' })),
    ).toEqual([]);
  });

  test('is not missed by who joins in the middle', async () => {
    const job = await fixture.claimed();
    const clients: Awaited<ReturnType<typeof watchEvents>>[] = [];
    const joining = (async () => {
      while (clients.at(-1)?.ended.length !== 1) clients.push(await watchEvents(job.id));
    })();
    for (let step = 1; step <= 30; step++) {
      await transitions.progress(fixture.workerDb, job, { progress: step / 100, step: 'Working' });
      fixture.hint(job.id);
    }
    await transitions.end(fixture.workerDb, job, { type: 'succeeded', result });
    fixture.hint(job.id);
    await joining;
    await eventually(() => {
      for (const { ended } of clients) expect(ended).toEqual([undefined]);
    });
    for (const client of clients) {
      const [first = 0] = client.seqs();
      expect(client.seqs()).toEqual(Array.from({ length: 33 - first + 1 }, (_, at) => first + at));
    }
  });

  test('that was made while the feed could not read is found afterwards', async () => {
    const job = await fixture.claimed();
    const client = await watchEvents(job.id);
    await admin`revoke select on job_events from portfolio_api`;
    await transitions.progress(fixture.workerDb, job, { progress: 0.5, step: 'Working' });
    const failed = await statementsOf(async () => {
      fixture.hint(job.id);
      await eventually(async () => expect(client.seqs()).toEqual([2]));
    });
    expect(failed.length).toBeLessThan(10);
    await admin`grant select on job_events to portfolio_api`;
    fixture.hint(job.id);
    await eventually(() => expect(client.seqs()).toEqual([2, 3]));
    expect(client.ended).toEqual([]);
    client.stream.close();
  });
});

/** A feed whose reads of the database find these, and the last of them from then on. */
function feedThatFinds(...found: Partial<News>[]) {
  const nothing: News = { cursor: '10:10:', readAt: Date.now(), isOfFuture: false, events: [], changes: [] };
  const execute = async () => [{ ...nothing, ...(found.length > 1 ? found.shift() : found[0]) }];
  const db = { select: () => ({ from: () => ({ prepare: () => ({ execute }) }) }) };
  return createJobFeed(db as unknown as Db, fixture.jobBus, silentLog);
}

test('a cursor that is too long to be accepted from a client is sent as the one that starts anew', async () => {
  const { id } = await fixture.accept();
  const job = await fixture.read(id);
  const long = `5:9000:${Array.from({ length: 1000 }, (_, at) => 1000 + at).join()}`;
  const membership = { personId: 'owner', role: 'owner' as const, tokensNotBefore: null };
  const change = { portfolioId: '', watchers: [membership], job };
  const feed = feedThatFinds(
    { cursor: long },
    { cursor: long, changes: [change, change] },
    { changes: [change] },
  );
  const listener = { items: vi.fn<FeedListener['items']>(), end() {} };
  const place = await feed.watchChanges(owner, listener);
  await eventually(() => {
    fixture.hint(id);
    expect(listener.items.mock.calls.length).toBeGreaterThan(1);
  });
  place[Symbol.dispose]();
  const cursors = listener.items.mock.calls.flatMap(([items]) => items.map(({ cursor }) => cursor));
  expect([place.cursor, ...cursors.slice(0, 3)]).toEqual(['start', 'start', 'start', '10:10:']);
});

describe('after the database was restored to an earlier state', () => {
  const ofFuture = '9000000000:9000000001:9000000000';

  test('a read with the cursor of before says so', async () => {
    const nobody = { jobs: [], people: [], portfolios: [] };
    const read = (cursor?: string) => readNews(fixture.db, cursor, nobody, () => {});
    expect(await read(ofFuture)).toMatchObject({ isOfFuture: true });
    for (const cursor of [undefined, (await read()).cursor])
      expect(await read(cursor)).toMatchObject({ isOfFuture: false });
  });

  test('watchers end, so that they start anew', async () => {
    const { id } = await fixture.accept();
    const jobFeed = feedThatFinds({ cursor: ofFuture }, {}, { isOfFuture: true });
    const [changes, events] = [new Client<Job>(), new Client<JobStreamItem>()];
    const ctx = { ...fixture.as(owner), jobFeed };
    await operations.job.events.open(ctx, { id }, events);
    await operations.job.changes.open(ctx, {}, changes);
    fixture.hint(id);
    for (const { ended } of [changes, events])
      await eventually(() => expect(ended).toEqual([expect.objectContaining({ code: 'unavailable' })]));
  });
});

describe('a job that this release cannot read', () => {
  test.each([
    ['of a kind that a newer one has added', { kind: sql`'video.render'` }],
    ['with an error in an unknown form', { error: sql`'{"form":"new"}'` }],
  ])('%s is hidden from watchers and lists, which show all others', async (_, unreadable) => {
    const [other, { id }] = [await fixture.claimed(), await fixture.accept()];
    const client = await watchChanges();
    const { cursor } = client;
    client.items = [];
    await fixture.change(id, unreadable);
    await admin`update jobs set last_seq = 2 where id = ${id}`;
    await admin`insert into job_events (job_id, seq, type, state, attempt, progress)
      values (${id}, 2, 'progress', 'running', 1, 0)`;
    await transitions.progress(fixture.db, other, { progress: 0.5, step: 'Working' });
    fixture.hint(other.id);
    await eventually(() => expect(client.seen()).toEqual([`${other.id} running`]));
    const [resumed, anew] = [await watchChanges(cursor), await watchChanges()];
    expect(resumed.seen()).toEqual([`${other.id} running`]);
    expect(anew.items.map(({ data }) => data.id)).toContain(other.id);
    const { items } = await operations.job.list.run(fixture.as(owner), {});
    expect(items.map((job) => job.id)).toContain(other.id);
    for (const job of [...items, ...anew.items.map(({ data }) => data)]) expect(job.id).not.toBe(id);
    for (const { stream } of [client, resumed, anew]) stream.close();
    expect([client, resumed, anew].flatMap(({ ended }) => ended)).toEqual([]);
    await admin`delete from jobs where id = ${id}`;
  });
});

describe('job.changes', () => {
  test('resumes after its cursor with each changed job once, and with no other', async () => {
    const [changed, unchanged] = [await fixture.claimed(), await fixture.claimed()];
    const { cursor, stream } = await watchChanges();
    stream.close();
    await transitions.progress(fixture.db, changed, { progress: 0.1, step: 'Working' });
    await transitions.progress(fixture.db, changed, { progress: 0.2, step: 'Working' });
    const resumed = await watchChanges(cursor);
    expect(resumed.items.map(({ data }) => [data.id, data.progress])).toEqual([[changed.id, 0.2]]);
    expect((await watchChanges(resumed.cursor)).items).toEqual([]);
    await transitions.end(fixture.db, changed, { type: 'succeeded', result });
    fixture.hint(changed.id);
    await eventually(() =>
      expect(resumed.seen()).toEqual([`${changed.id} running`, `${changed.id} succeeded`]),
    );
    expect(resumed.seen().join()).not.toContain(unchanged.id);
    resumed.stream.close();
  });

  test('resumes after a cursor that is many events old', async () => {
    const changed = await fixture.claimed();
    const noisy = await fixture.accept();
    const { cursor, stream } = await watchChanges();
    stream.close();
    await transitions.end(fixture.db, changed, { type: 'succeeded', result });
    for (let transaction = 1; transaction <= 6; transaction++) await addEvents(noisy.id, transaction * 2000);
    const events = await statementsOf(async () => {
      const { items } = await watchChanges(cursor);
      expect(items.map(({ data }) => `${data.id} ${data.state}`)).toContain(`${changed.id} succeeded`);
    });
    expect(events.join()).toContain('pg_visible_in_snapshot');
  });

  test('starts anew for a cursor after which more jobs have changed than it holds for a client', async () => {
    const { id } = await fixture.accept();
    const { cursor, stream } = await watchChanges();
    stream.close();
    const made = await admin<{ id: string }[]>`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq,
        finished_at)
      select 'job_' || lpad(n::text, 26, '0'), portfolio_id, kind, title, 'failed', group_key, payload,
        requested_by, max_attempts, last_seq, now()
      from jobs, generate_series(1, 2001) n where id = ${id} returning id`;
    const ids = made.map((job) => job.id);
    await admin`
      insert into job_events (job_id, seq, type, state, attempt, progress)
      select id, last_seq, 'failed', state, attempt, progress from jobs where id = any(${ids})`;
    const recent = await watchChanges(cursor);
    recent.stream.close();
    for (let transaction = 1; transaction <= 6; transaction++) await addEvents(id, transaction * 2000);
    const old = await watchChanges('1:1:');
    old.stream.close();
    for (const { items } of [recent, old]) {
      expect(items).toHaveLength(20);
      expect(items.at(-1)?.data.id).toBe(id);
    }
    await admin`delete from jobs where id = any(${ids})`;
  });

  test('starts anew for a cursor of release 0.1.0, and for one of another database', async () => {
    const { id } = await fixture.accept();
    const ofFuture = '9000000000:9000000001:9000000000';
    for (const lastEventId of ['2026-11-30T10:00:00.000Z', 'start', ofFuture]) {
      const { items, stream } = await watchChanges(lastEventId);
      expect(items.map(({ data }) => data.id)).toContain(id);
      stream.close();
    }
  });

  test('repeats what a client has received in part, and nothing that it has received', async () => {
    await fixture.accept();
    await fixture.accept();
    const { items, stream } = await watchChanges();
    stream.close();
    const whole = items.map(({ data }) => data.id);
    expect(whole.length).toBeGreaterThan(1);
    const afterFirst = await watchChanges(items[0]!.cursor);
    expect(afterFirst.items.map(({ data }) => data.id)).toEqual(whole);
    expect((await watchChanges(items.at(-1)!.cursor)).items).toEqual([]);
  });

  test('follows the jobs of a portfolio from the moment in which somebody becomes a member', async () => {
    const joins = user('joins');
    const [client, other] = [await watchChanges(undefined, joins), await watchChanges()];
    const { id } = await fixture.accept();
    await eventually(() => expect(other.seen()).toContain(`${id} queued`));
    await fixture.addMember(fixture.portfolioId, 'joins', 'viewer');
    const lease = await fixture.claim(id);
    fixture.hint(lease.id);
    await eventually(() => expect(client.seen()).toEqual([`${id} running`]));
    await fixture.db.execute(sql`delete from members where person_id = 'joins'`);
    await transitions.end(fixture.db, lease, { type: 'succeeded', result });
    fixture.hint(id);
    await eventually(() => expect(other.seen()).toContain(`${id} succeeded`));
    expect(client.seen()).toEqual([`${id} running`]);
    for (const { stream } of [client, other]) stream.close();
  });
});

const signedIn = (at: number): Actor => ({
  ...(user('signs in') as Actor & { kind: 'user' }),
  credential: { kind: 'token', id: null, tokenIssuedAt: new Date(at) },
});

test('a member whose tokens were revoked in a portfolio follows its jobs no longer, but by newer tokens', async () => {
  await fixture.addMember(fixture.portfolioId, 'signs in', 'viewer');
  const before = await watchChanges(undefined, signedIn(Date.now() - 1000));
  // A token that does not say when it was issued.
  const undated = await watchChanges(undefined, signedIn(0));
  const after = await watchChanges(undefined, signedIn(Date.now() + 60_000));
  const first = await fixture.accept();
  for (const { seen } of [before, undated, after])
    await eventually(() => expect(seen()).toContain(`${first.id} queued`));
  await operations.member.revokeTokens.run(fixture.as(owner), { portfolio: 'team', member: 'signs in' });
  const second = await fixture.accept();
  await eventually(() => expect(after.seen()).toContain(`${second.id} queued`));
  for (const { seen } of [before, undated]) expect(seen()).not.toContain(`${second.id} queued`);
  for (const { stream } of [before, undated, after]) stream.close();
});

describe('a slow client', () => {
  test('gets the latest state of each job once it reads again, and slows no other', async () => {
    const [one, two] = [await fixture.claimed(), await fixture.claimed()];
    const [slow, fast] = [await watchChanges(), await watchChanges()];
    for (const client of [slow, fast]) client.items = [];
    slow.full = true;
    for (const job of [one, two, one]) {
      const { length } = fast.items;
      await transitions.progress(fixture.db, job, { progress: (length + 1) / 10, step: 'Working' });
      fixture.hint(job.id);
      await eventually(() => expect(fast.items).toHaveLength(length + 1));
    }
    expect(slow.items).toEqual([]);
    slow.full = false;
    slow.stream.resume();
    expect(slow.items.map(({ data }) => [data.id, data.progress])).toEqual([
      [two.id, 0.2],
      [one.id, 0.3],
    ]);
    expect(slow.cursor).toBe(fast.cursor);
    for (const { stream } of [slow, fast]) stream.close();
  });

  test('gets every event from the log once it reads again', async () => {
    const job = await fixture.claimed();
    const [slow, fast] = [await watchEvents(job.id), await watchEvents(job.id)];
    slow.full = true;
    for (let step = 1; step <= 5; step++) {
      await transitions.progress(fixture.db, job, { progress: step / 10, step: 'Working' });
      fixture.hint(job.id);
      await eventually(() => expect(fast.seqs().at(-1)).toBe(2 + step));
    }
    expect(slow.seqs()).toEqual([2]);
    slow.full = false;
    slow.stream.resume();
    await transitions.end(fixture.db, job, { type: 'succeeded', result });
    fixture.hint(job.id);
    for (const client of [slow, fast]) await eventually(() => expect(client.ended).toEqual([undefined]));
    expect(slow.seqs()).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(fast.seqs()).toEqual(slow.seqs());
  });
});
