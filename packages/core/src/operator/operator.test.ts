import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type JobFixture,
  failure,
  jobFixture,
  leaseSeconds,
  makeDue,
  owner,
  result,
} from '../../../../tests/support/jobs.ts';
import { user } from '../../../../tests/support/services.ts';
import { type Actor, operatorScopes, scopeSchema } from '../actor.ts';
import { publicError } from '../errors.ts';
import { newId } from '../ids.ts';
import { allOperations, operations } from '../index.ts';
import { reportWorker } from '../job/fleet.ts';
import { jobLimits, jobPauses, jobWorkers, jobs } from '../job/job.sql.ts';
import { jobKindSchema, ofEachKind } from '../job/kinds.ts';
import { transitions } from '../job/transitions.ts';

const { operator } = operations;
const by: Actor = { kind: 'operator-key', id: 'key_of_operator', scopes: operatorScopes, expiresAt: null };
const other = { portfolio: 'other', slug: 'study' };

let fixture: JobFixture;
let otherId: string;
beforeAll(async () => {
  fixture = await jobFixture();
  const ctx = fixture.as(user('bob'));
  otherId = (await operations.portfolio.create.run(ctx, { slug: other.portfolio, name: 'Other' })).id;
  await operations.caseStudy.create.run(ctx, { ...other, title: 'Slower' });
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.db.delete(jobs);
  await fixture.db.delete(jobPauses);
  await fixture.db.delete(jobLimits);
  await fixture.workerDb.delete(jobWorkers);
});

const ctx = () => fixture.as(by);
const ofOther = () => operations.caseStudy.export.run(fixture.as(user('bob')), other);
const list = async (filter: Parameters<typeof operator.jobs.run>[1] = {}) =>
  (await operator.jobs.run(ctx(), filter)).items;
const idsOf = (items: { id: string }[]) => items.map(({ id }) => id);
/** A job that failed with this code. */
async function failed(code: string) {
  const { id } = await fixture.accept();
  const outcome = { type: 'failed', error: { ...failure, code } } as const;
  await transitions.end(fixture.db, await fixture.claim(id), outcome);
  return id;
}
/** Ends a job whose worker is lost in the last attempt. */
async function die(id: string) {
  await fixture.claim(id);
  await fixture.change(id, { maxAttempts: sql`attempt`, leaseUntil: sql`now()` });
  expect(await transitions.reapLost(fixture.db)).toMatchObject([{ id, state: 'dead' }]);
}
/** The audit log, the oldest entry first. */
const audited = (action: string) => fixture.sql`
  select actor, portfolio_id as portfolio, fields from audit_log where action = ${action} order by id`;
const forgetAudit = () => fixture.ownerSql`delete from audit_log where action like 'operator.%'`;

const inputs: Record<string, object> = {
  'operator.jobs': {},
  'operator.redrive': { limit: 1 },
  'operator.pauses': {},
  'operator.pause': { reason: 'maintenance' },
  'operator.resume': {},
  'operator.limits': {},
  'operator.limit': { kind: 'export.pdf', mostRunning: 1, reason: 'memory' },
  'operator.health': {},
  'operator.erase': { id: newId('person') },
  'operator.securityEvents': {},
};
const own = allOperations.filter(({ name }) => name.startsWith('operator.'));
type Run = (ctx: ReturnType<typeof fixture.as>, input: object) => Promise<unknown>;
const call = (name: string, actor: Actor, input = inputs[name]!) =>
  (own.find((each) => each.name === name)!.run as Run)(fixture.as(actor), input);

describe('an operation of operators', () => {
  test.each(Object.keys(inputs))('%s is refused to everybody else', async (name) => {
    const portfolioKey = { kind: 'portfolio-key', id: 'key_1', portfolioId: fixture.portfolioId } as const;
    const others: Actor[] = [
      owner,
      user('nobody', scopeSchema.options),
      { ...portfolioKey, scopes: scopeSchema.options, expiresAt: null },
      { ...by, scopes: [] },
    ];
    for (const actor of others) await expect(call(name, actor)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(call(name, { kind: 'anonymous' })).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await fixture.db.$count(jobPauses)).toBe(0);
    expect(await fixture.db.$count(jobLimits)).toBe(0);
  });

  test('that changes something is refused to an operator who may only read', async () => {
    const reader: Actor = { ...by, scopes: ['operator:read'] };
    const codes = own.map(async ({ name, kind }) => [
      kind,
      await call(name, reader).then(
        () => 'admitted',
        (error: { code: string }) => error.code,
      ),
    ]);
    expect(new Set((await Promise.all(codes)).map(String))).toEqual(
      new Set(['query,admitted', 'mutation,forbidden']),
    );
  });

  test('is there for a person whose groups make an operator, who is one in no portfolio by that', async () => {
    const person = user('ops', operatorScopes);
    await expect(call('operator.health', person)).resolves.toBeDefined();
    const { items } = await operations.job.list.run(fixture.as(user('ops')), {});
    expect(items).toEqual([]);
  });

  test('shows nothing of what a job is about, nor who requested it', async () => {
    const secrets = [
      'secret-title',
      'secret-payload',
      'secret-file',
      'secret-message',
      'secret-step',
      'owner',
    ];
    const done = await fixture.succeeded();
    const bad = await failed('internal');
    await fixture.accept();
    const { id: lost } = await fixture.accept();
    await fixture.claim(lost);
    await fixture.ownerSql`
      update jobs set title = 'secret-title', payload = '{"caseStudyId":"secret-payload"}', step = 'secret-step',
        error = case when error is not null then '{"code":"internal","message":"secret-message"}'::jsonb end,
        result = case when id = ${done} then ${fixture.ownerSql.json({ ...result, fileName: 'secret-file' })} end`;
    await fixture.sql`update jobs set lease_until = now() where id = ${lost}`;
    const answers = [];
    for (const { name } of own) answers.push(await call(name, by).catch(publicError));
    answers.push(await call('operator.jobs', by, { portfolio: 'team' }));
    const text = JSON.stringify(answers);
    expect(text).toContain(bad);
    expect(text).toContain(done);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

describe('the list of all jobs', () => {
  test('has those of all portfolios, newest first, and pages that skip and repeat nothing', async () => {
    const ids = [await fixture.succeeded(), await failed('internal'), (await fixture.accept()).id];
    ids.push((await ofOther()).id);
    await fixture.claim(ids[2]!);
    const expected = ids.toReversed();
    expect(idsOf(await list())).toEqual(expected);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await operator.jobs.run(ctx(), { limit: 1, ...(cursor && { cursor }) });
      seen.push(...idsOf(page.items));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(expected);
    expect((await list())[0]).toMatchObject({ portfolio: 'other', portfolioId: otherId, state: 'queued' });
  });

  test('can be filtered by portfolio, kind, state, error code and time, together', async () => {
    const [gone, internal] = [await failed('gone'), await failed('internal')];
    const [done, { id: theirs }] = [await fixture.succeeded(), await ofOther()];
    expect(idsOf(await list({ portfolio: 'other' }))).toEqual([theirs]);
    expect(idsOf(await list({ portfolio: 'team', state: ['failed'] }))).toEqual([internal, gone]);
    expect(idsOf(await list({ state: ['succeeded', 'queued'] }))).toEqual([theirs, done]);
    expect(idsOf(await list({ errorCode: 'gone' }))).toEqual([gone]);
    expect(idsOf(await list({ errorCode: 'gone', portfolio: 'team' }))).toEqual([gone]);
    expect(idsOf(await list({ errorCode: 'gone', portfolio: 'other' }))).toEqual([]);
    expect(idsOf(await list({ kind: 'evidence.sync' }))).toEqual([]);
    const { createdAt } = (await list({ state: ['succeeded'] }))[0]!;
    expect(idsOf(await list({ createdAfter: createdAt }))).toEqual([theirs, done]);
    expect(idsOf(await list({ createdBefore: createdAt, state: ['failed'] }))).toEqual([internal, gone]);
    await expect(list({ portfolio: 'nowhere' })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('says which worker has a job until when, and the code of the last error', async () => {
    const { id } = await fixture.accept();
    await fixture.claim(id);
    const [running] = await list();
    expect(running).toMatchObject({ worker: 'test', attempt: 1, errorCode: null });
    expect(Date.parse(running!.leaseUntil!)).toBeGreaterThan(Date.now());
  });
});

const redrive = (input: Partial<Parameters<typeof operator.redrive.run>[1]> = {}) =>
  operator.redrive.run(ctx(), { limit: 100, ...input });

describe('a redrive', () => {
  test('queues failed and dead jobs of all portfolios, and counts them by portfolio', async () => {
    const [bad, { id: theirs }, done] = [
      await failed('internal'),
      await ofOther(),
      await fixture.succeeded(),
    ];
    await die(theirs);
    expect(await redrive()).toEqual({
      changed: 2,
      hasMore: false,
      portfolios: [
        { portfolio: 'other', portfolioId: otherId, changed: 1 },
        { portfolio: 'team', portfolioId: fixture.portfolioId, changed: 1 },
      ],
    });
    const states = Object.fromEntries((await list()).map(({ id, state }) => [id, state]));
    expect(states).toEqual({ [bad]: 'queued', [theirs]: 'queued', [done]: 'succeeded' });
    expect(await fixture.queue()).toEqual([bad, theirs]);
  });

  test('takes the oldest first, up to its limit, and says whether there are more', async () => {
    const ids = [await failed('internal'), await failed('internal'), await failed('gone')];
    expect(await redrive({ limit: 1 })).toMatchObject({ changed: 1, hasMore: true });
    expect(await fixture.queue()).toEqual([ids[0]]);
    expect(await redrive({ limit: 1, errorCode: 'internal' })).toMatchObject({ changed: 1, hasMore: false });
    expect(await redrive({ ids: [ids[0]!, ids[2]!] })).toMatchObject({ changed: 1, hasMore: false });
    expect(await fixture.queue()).toEqual(ids);
    await expect(operator.redrive.run(ctx(), {} as never)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('takes cancelled jobs only where it names their state, and no delivery of a webhook', async () => {
    const { id } = await fixture.accept();
    await fixture.cancel(id);
    await fixture.ownerSql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq, finished_at)
      values ('job_delivery', ${otherId}, 'webhook.deliver', 'W', 'dead', 'w', '{}', 'webhooks', 5, 1, now())`;
    expect(await redrive()).toMatchObject({ changed: 0, portfolios: [] });
    expect(await redrive({ portfolio: 'other', state: ['cancelled', 'dead'] })).toMatchObject({ changed: 0 });
    expect(await redrive({ portfolio: 'team', state: ['cancelled'] })).toMatchObject({ changed: 1 });
  });

  test('takes no job of a portfolio in the bin', async () => {
    const id = await failed('internal');
    const { portfolioId } = fixture;
    await fixture.ownerSql`
      update portfolios set binned_at = now(), purge_at = now() + interval '1 day' where id = ${portfolioId}`;
    expect(await redrive()).toMatchObject({ changed: 0, hasMore: false });
    expect(await redrive({ ids: [id] })).toMatchObject({ changed: 0 });
    await fixture.ownerSql`update portfolios set binned_at = null, purge_at = null where id = ${portfolioId}`;
    expect(await redrive()).toMatchObject({ changed: 1 });
  });

  test('is in the audit log of each portfolio that it concerns', async () => {
    await forgetAudit();
    await failed('internal');
    const { id: theirs } = await ofOther();
    await die(theirs);
    await redrive();
    await redrive();
    await redrive({ portfolio: 'other' });
    const entry = { actor: by.id, fields: ['limit'] };
    expect(await audited('operator.redrive')).toEqual([
      { ...entry, portfolio: otherId },
      { ...entry, portfolio: fixture.portfolioId },
      { ...entry, portfolio: null },
      { ...entry, portfolio: otherId },
    ]);
  });
});

/** Claims whatever may start; resolves to the ids. */
async function claim() {
  const wanted = jobKindSchema.options.map((kind) => ({ kind, slots: 10, mostOfTenant: 1000 }));
  const lease = { mostInAll: 1000, token: fixture.leaseOn('').token, leaseSeconds, worker: 'test' };
  return idsOf((await transitions.claim(fixture.db, wanted, lease)).claimed);
}

describe('a pause', () => {
  test('keeps the jobs of a portfolio from being claimed until it is resumed, and says so to their owner', async () => {
    const [{ id }, { id: theirs }] = [await fixture.accept(), await ofOther()];
    const { items } = await operator.pause.run(ctx(), { portfolio: 'team', reason: 'Abuse' });
    expect(items).toEqual([
      {
        portfolio: 'team',
        portfolioId: fixture.portfolioId,
        kind: null,
        reason: 'Abuse',
        pausedAt: expect.any(String),
      },
    ]);
    expect(await operator.pauses.run(ctx(), {})).toEqual({ items });
    expect(await claim()).toEqual([theirs]);
    expect((await fixture.read(id)).waiting).toEqual({ for: 'pause' });
    expect(await operator.resume.run(ctx(), { portfolio: 'team' })).toEqual({ items: [] });
    expect(await claim()).toEqual([id]);
  });

  test('ends by a resume of its own scope only, which returns those that remain', async () => {
    await operator.pause.run(ctx(), { reason: 'Everything' });
    await operator.pause.run(ctx(), { kind: 'export.pdf', reason: 'Memory' });
    const reasons = async (input: object) =>
      (await operator.resume.run(ctx(), input)).items.map(({ reason }) => reason);
    expect(await reasons({ portfolio: 'team' })).toEqual(['Everything', 'Memory']);
    expect(await reasons({ kind: 'export.pdf' })).toEqual(['Everything']);
    expect(await reasons({})).toEqual([]);
  });

  test('and its end wake the workers of what waits', async () => {
    await operator.pause.run(ctx(), { reason: 'Everything' });
    await fixture.accept();
    await fixture.wakeUps.idle();
    while ((await fixture.queues.receive('export.pdf', 0)).length > 0);
    await operator.resume.run(ctx(), {});
    await fixture.wakeUps.idle();
    expect(await fixture.queues.receive('export.pdf', 0)).toHaveLength(1);
  });

  test('of a portfolio is in its audit log, and one of all is in none', async () => {
    await forgetAudit();
    await operator.pause.run(ctx(), { portfolio: 'team', kind: 'export.pdf', reason: 'Abuse' });
    await operator.resume.run(ctx(), {});
    expect(await audited('operator.pause')).toEqual([
      { actor: by.id, portfolio: fixture.portfolioId, fields: ['kind', 'reason'] },
    ]);
    expect(await audited('operator.resume')).toEqual([{ actor: by.id, portfolio: null, fields: [] }]);
    const entries = await operations.audit.list.run(fixture.as(owner), { portfolio: 'team', limit: 1 });
    expect(entries.items[0]).toMatchObject({ action: 'operator.pause', actor: by.id });
  });
});

describe('a limit', () => {
  test('bounds what a claim takes until it is removed, and says so to the owner of what waits', async () => {
    const ids = [(await fixture.accept()).id, (await fixture.accept()).id];
    const given = { portfolio: 'team', kind: 'export.pdf', reason: 'Memory' } as const;
    const { items } = await operator.limit.run(ctx(), { ...given, mostRunning: 1 });
    expect(items).toMatchObject([{ ...given, portfolioId: fixture.portfolioId, mostRunning: 1 }]);
    expect(await operator.limits.run(ctx(), {})).toEqual({ items });
    expect(await claim()).toEqual([ids[0]]);
    expect((await fixture.read(ids[1]!)).waiting).toMatchObject({ for: 'limit', of: 'kind', limit: 1 });
    const removed = await operator.limit.run(ctx(), { ...given, mostRunning: null });
    expect(removed).toEqual({ items: [] });
    expect(await claim()).toEqual([ids[1]]);
  });

  test.each([
    [{ mostRunning: 1 }, '/kind'],
    [{ kind: 'export.pdf', mostRunning: 0 }, '/mostRunning'],
  ])('of %j is refused', async (input, pointer) => {
    const limited = operator.limit.run(ctx(), { reason: 'x', ...input } as never);
    await expect(limited).rejects.toMatchObject({ code: 'invalid_input', fields: [{ pointer }] });
  });
});

test('reading the jobs of others is in the audit log of the portfolio, or in none', async () => {
  await forgetAudit();
  await list({ state: ['dead'] });
  await list({ portfolio: 'other' });
  expect(await audited('operator.jobs')).toEqual([
    { actor: by.id, portfolio: null, fields: ['state'] },
    { actor: by.id, portfolio: otherId, fields: [] },
  ]);
});

test('health has backlog, workers, failures of a day, pauses and limits', async () => {
  await fixture.ownerSql`delete from webhook_events`;
  await failed('gone');
  await failed('gone');
  await failed('internal');
  const old = await failed('old');
  await fixture.ownerSql`update jobs set finished_at = now() - interval '25 hours' where id = ${old}`;
  const { id } = await fixture.accept();
  const lost = (await fixture.accept()).id;
  await fixture.claim(lost);
  await fixture.expire(lost);
  await makeDue(fixture.db, id);
  const shares = { ...ofEachKind(() => 1), all: 1 };
  const worker = { id: 'host/1/0.2.0', slots: ofEachKind(() => 2), shares, deadLetters: 3 };
  await reportWorker(fixture.workerDb, worker);
  await reportWorker(fixture.workerDb, { ...worker, id: 'host/2/0.2.0' });
  await fixture.workerDb.execute(
    sql`update job_workers set seen_at = now() - interval '2 minutes' where id = 'host/2/0.2.0'`,
  );
  await operator.pause.run(ctx(), { kind: 'evidence.sync', reason: 'An abused source' });
  await operator.limit.run(ctx(), { kind: 'evidence.sync', mostRunning: 3, reason: 'A slow source' });
  const { kinds, workers, pauses, limits, ...rest } = await operator.health.run(ctx(), {});
  expect(kinds.map(({ kind }) => kind)).toEqual(jobKindSchema.options);
  expect(kinds[0]).toMatchObject({ kind: 'export.pdf', due: 1, waiting: 0, running: 1 });
  expect(workers).toMatchObject([{ id: 'host/1/0.2.0' }]);
  expect(workers[0]!.slots[0]).toEqual({ kind: 'export.pdf', slots: 2 });
  expect(pauses).toMatchObject([{ kind: 'evidence.sync', reason: 'An abused source' }]);
  expect(limits).toMatchObject([{ kind: 'evidence.sync', mostRunning: 3 }]);
  expect(rest).toEqual({
    workersNeeded: 1,
    expiredLeases: 1,
    deadLetters: 3,
    outbox: { messages: 0, oldestSeconds: 0 },
    webhookEvents: 0,
    ended: [
      { kind: 'export.pdf', state: 'failed', errorCode: 'gone', jobs: 2 },
      { kind: 'export.pdf', state: 'failed', errorCode: 'internal', jobs: 1 },
    ],
  });
});
