import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type TestServices, testServices, user } from '../../../tests/support/services.ts';
import { deleteExpiredAnswers } from './change.ts';
import type { Ctx } from './context.ts';
import { AppError } from './errors.ts';
import { operations } from './index.ts';
import { operation } from './operation.ts';
import { tenantBySlug } from './tenancy.ts';

const { caseStudy, portfolio } = operations;
const owner = user('owner');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
});
afterAll(() => platform.stop());

let count = 0;
const freshSlug = () => `study-${++count}`;
const keyed = (idempotencyKey: string, actor = owner): Ctx => ({ ...platform.as(actor), idempotencyKey });
const study = (slug = freshSlug()) => ({ portfolio: 'team', slug, title: 'A study' });
const rows = (slug: string) => platform.sql`select id from case_studies where slug = ${slug}`;
const audited = (target: string) =>
  platform.sql`select actor, action, target, fields, portfolio_id from audit_log where target = ${target} order by id`;

describe('an idempotency key', () => {
  test('returns the first answer to the same request, and repeats no change', async () => {
    const input = study();
    const first = await caseStudy.create.run(keyed('again'), input);
    await caseStudy.update.run(platform.as(owner), {
      portfolio: 'team',
      slug: input.slug,
      title: 'Changed',
      expectedVersion: first.version,
    });
    expect(await caseStudy.create.run(keyed('again'), input)).toEqual(first);
    expect(await audited(input.slug)).toHaveLength(2);
  });

  test('returns the answer of a deletion again, although it is null', async () => {
    const { slug } = await caseStudy.create.run(platform.as(owner), study());
    const which = { portfolio: 'team', slug, expectedVersion: '*' as const };
    expect(await caseStudy.delete.run(keyed('deleted'), which)).toBeNull();
    expect(await caseStudy.delete.run(keyed('deleted'), which)).toBeNull();
    await expect(caseStudy.delete.run(platform.as(owner), which)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('refuses a different request with the same key, and writes nothing', async () => {
    await caseStudy.create.run(keyed('taken'), study());
    const other = study();
    await expect(caseStudy.create.run(keyed('taken'), other)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect(await rows(other.slug)).toEqual([]);
  });

  test('is scoped to one caller and one operation', async () => {
    await portfolio.create.run(platform.as(user('other')), { slug: 'others', name: 'Others' });
    await caseStudy.create.run(keyed('shared'), study());
    const theirs = { portfolio: 'others', slug: 'theirs', title: 'Theirs' };
    await expect(caseStudy.create.run(keyed('shared', user('other')), theirs)).resolves.toMatchObject(theirs);
    await expect(
      portfolio.create.run(keyed('shared'), { slug: 'second', name: 'Second' }),
    ).resolves.toMatchObject({ slug: 'second' });
  });

  test('can be used again after a request that failed', async () => {
    const input = study();
    await caseStudy.create.run(platform.as(owner), input);
    await expect(caseStudy.create.run(keyed('failed'), input)).rejects.toMatchObject({ code: 'conflict' });
    const good = study();
    await expect(caseStudy.create.run(keyed('failed'), good)).resolves.toMatchObject(good);
  });

  test('runs one of many concurrent requests; the others are refused for now or get its answer', async () => {
    const input = study();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => caseStudy.create.run(keyed('racing'), input)),
    );
    const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.id] : []));
    expect(new Set(made).size).toBe(1);
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of refusals) expect(reason).toMatchObject({ code: 'idempotency_key_in_use' });
    expect(await rows(input.slug)).toHaveLength(1);
  });

  test.each(['', ' ', 'a b', 'é', 'x'.repeat(256)])('such as %j is refused', async (key) => {
    await expect(caseStudy.create.run(keyed(key), study())).rejects.toMatchObject({
      code: 'malformed_request',
    });
  });

  test('gives the caller no access that it lacks', async () => {
    const input = study();
    await caseStudy.create.run(keyed('guarded'), input);
    const reader = user('owner', ['case-study:read']);
    await expect(caseStudy.create.run(keyed('guarded', reader), input)).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  test('returns a secret once and does not store it', async () => {
    const issue = change({ holdsSecret: true, run: async () => 'hunter2' });
    expect(await issue.run(keyed('secret'), { portfolio: 'team' })).toBe('hunter2');
    await expect(issue.run(keyed('secret'), { portfolio: 'team' })).rejects.toMatchObject({
      code: 'conflict',
    });
    const [stored] = await platform.sql`select response from idempotency_keys where key = 'secret'`;
    expect(stored).toEqual({ response: null });
  });
});

test('a stored answer is deleted after a day', async () => {
  const key = async () =>
    platform.sql`select key from idempotency_keys where key in ('old', 'young') order by key`;
  await caseStudy.create.run(keyed('old'), study());
  await caseStudy.create.run(keyed('young'), study());
  await platform.sql`update idempotency_keys set created_at = now() - interval '25 hours' where key = 'old'`;
  await deleteExpiredAnswers(platform.db, new AbortController().signal);
  expect(await key()).toEqual([{ key: 'young' }]);
});

describe('a change', () => {
  test('is in the audit log with its actor, action and target, but without the values', async () => {
    const input = study();
    await caseStudy.create.run(platform.as(owner), input);
    const [{ id }] = (await platform.sql`select id from portfolios where slug = 'team'`) as [{ id: string }];
    expect(await audited(input.slug)).toEqual([
      {
        actor: 'owner',
        action: 'caseStudy.create',
        target: input.slug,
        fields: ['slug', 'title'],
        portfolio_id: id,
      },
    ]);
  });

  test('that fails at its end leaves no row, no audit entry and no notification', async () => {
    let notified = 0;
    const before = await platform.sql`select count(*) from audit_log`;
    const fails = change({
      async run(ctx) {
        await ctx.db.execute(
          `insert into portfolios (id, slug, name, tagline, description) values ('pf_x', 'half', '', '', '')`,
        );
        ctx.wakeUps.notify('export.pdf');
        ctx.afterCommit?.(() => (notified += 1));
        throw new AppError('conflict', 'Too late.');
      },
    });
    const ctx = { ...platform.as(owner), wakeUps: { notify: () => void (notified += 1) } };
    await expect(fails.run(ctx, { portfolio: 'team' })).rejects.toMatchObject({ code: 'conflict' });
    expect(await platform.sql`select id from portfolios where slug = 'half'`).toEqual([]);
    expect(await platform.sql`select count(*) from audit_log`).toEqual(before);
    expect(notified).toBe(0);
  });

  test('wakes workers only after its commit', async () => {
    const seen: unknown[] = [];
    const notifying = change({
      async run(ctx) {
        ctx.wakeUps.notify('export.pdf');
        seen.push('requested');
        return '';
      },
    });
    const wakeUps = { notify: () => void seen.push('notified') };
    await notifying.run({ ...platform.as(owner), wakeUps }, { portfolio: 'team' });
    expect(seen).toEqual(['requested', 'notified']);
  });

  test('of an existing resource must give the version that it is based on', async () => {
    const { slug, version } = await caseStudy.create.run(platform.as(owner), study());
    const ref = { portfolio: 'team', slug };
    const update = (expectedVersion: number | '*') =>
      caseStudy.update.run(platform.as(owner), { ...ref, title: 'New', expectedVersion });
    await expect(caseStudy.update.run(platform.as(owner), ref as never)).rejects.toMatchObject({
      code: 'precondition_required',
    });
    await expect(update(version + 1_000_000)).rejects.toMatchObject({ code: 'precondition_failed' });
    const updated = await update(version);
    expect(updated.version).toBeGreaterThan(version);
    await expect(update(version)).rejects.toMatchObject({ code: 'precondition_failed' });
    await expect(update('*')).resolves.toMatchObject({ title: 'New' });
  });

  test('succeeds once if many are based on the same version', async () => {
    const { slug, version } = await caseStudy.create.run(platform.as(owner), study());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) =>
        caseStudy.update.run(platform.as(owner), {
          portfolio: 'team',
          slug,
          title: `Take ${at}`,
          expectedVersion: version,
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

/** A mutation of a portfolio that runs a function of the test. */
function change(definition: { holdsSecret?: boolean; run(ctx: Ctx): Promise<string> }) {
  return operation({
    name: 'test.change',
    kind: 'mutation',
    summary: 'For this test only.',
    scope: 'portfolio:write',
    public: false,
    input: z.strictObject({ portfolio: z.string() }),
    output: z.string(),
    tenant: tenantBySlug,
    ...definition,
  });
}
