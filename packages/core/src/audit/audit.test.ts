import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invite } from '../../../../tests/support/invite.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, type Credential, scopeSchema } from '../actor.ts';
import { authenticateApiKey } from '../api-key/authenticate.ts';
import { newId } from '../ids.ts';
import { operations } from '../index.ts';

const portfolio = 'team';
const owner = user('owner');
const editor = user('editor');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  const ctx = platform.as(owner);
  for (const slug of [portfolio, 'other']) await operations.portfolio.create.run(ctx, { slug, name: slug });
  await invite(platform, { portfolio, role: 'editor' }, 'editor');
  for (const slug of ['first', 'second', 'third']) {
    const study = { portfolio, slug, title: slug, body: 'not to be seen' };
    await operations.caseStudy.create.run(platform.as(editor), study);
  }
  const refused = operations.member.remove.run(platform.as(editor), {
    portfolio,
    member: 'owner',
    expectedVersion: '*',
  });
  await refused.catch(() => 'refused, so it must not be logged');
  await operations.ownKey.create.run(ctx, { name: 'Key', scopes: ['job:read'], expiresAt: null });
});
afterAll(() => platform.stop());

const list = async (filter: object = {}) =>
  (await operations.audit.list.run(platform.as(owner), { portfolio, ...filter })).items;

const latest = async () => (await list({ limit: 1 }))[0]!;
const own = async (actor: Actor, filter: object = {}) =>
  (await operations.audit.own.run(platform.as(actor), filter)).items;

test('every change of the portfolio is listed, newest first, with actor, action and target, without values', async () => {
  const entries = await list();
  expect(entries.map(({ actor, action, target }) => [actor, action, target])).toEqual([
    ['editor', 'caseStudy.create', 'third'],
    ['editor', 'caseStudy.create', 'second'],
    ['editor', 'caseStudy.create', 'first'],
    ['editor', 'invitation.accept', 'editor'],
    ['owner', 'invitation.create', expect.stringMatching(/^inv_/)],
    ['owner', 'portfolio.create', portfolio],
  ]);
  expect(entries[0]!.fields).toEqual(['slug', 'title', 'body']);
  expect(JSON.stringify(entries)).not.toContain('not to be seen');
});

test('filters can be combined', async () => {
  const targets = async (filter: object) => (await list(filter)).map(({ target }) => target);
  expect(await targets({ actor: 'owner' })).toEqual([expect.stringMatching(/^inv_/), portfolio]);
  expect(await targets({ action: 'caseStudy.create' })).toEqual(['third', 'second', 'first']);
  expect(await targets({ actor: 'owner', action: 'caseStudy.create' })).toEqual([]);
  const { at: from } = (await list({ action: 'caseStudy.create', limit: 1 }))[0]!;
  expect(await targets({ from })).toContain('third');
  expect(await targets({ to: '2020-01-01T00:00:00Z' })).toEqual([]);
  expect(await targets({ from: '2020-01-01T00:00:00Z', to: '9999-12-31T23:59:59Z' })).toHaveLength(6);
});

test('says which key or token of the actor made a change', async () => {
  const by = (credential: Credential) =>
    operations.caseStudy.update.run(platform.as({ ...(editor as Actor & { kind: 'user' }), credential }), {
      portfolio,
      slug: 'second',
      summary: `By ${credential.id}`,
      expectedVersion: '*',
    });
  const tokenIssuedAt = new Date();
  await by({ kind: 'token', id: 'jti of a token', tokenIssuedAt });
  await by({ kind: 'token', id: null, tokenIssuedAt });
  const { id, secret } = await operations.ownKey.create.run(platform.as(editor), {
    name: 'Key',
    scopes: scopeSchema.options,
  });
  const key = await authenticateApiKey(platform.db, secret);
  await by((key as Actor & { kind: 'user' }).credential!);
  const [third, second, first, ...earlier] = await list();
  expect([first, second, third].map((entry) => entry!.credential)).toEqual(['jti of a token', null, id]);
  expect(new Set(earlier.map(({ credential }) => credential))).toEqual(new Set([null]));
  expect(await list({ credential: id })).toEqual([third]);
  expect(await list({ credential: 'jti of a token', actor: 'owner' })).toEqual([]);
});

test.each(['from', 'to'])('a time in "%s" with more digits than Postgres reads is refused', async (field) => {
  const time = `2027-01-01T00:00:00.${'0'.repeat(200)}Z`;
  await expect(list({ [field]: time })).rejects.toMatchObject({ code: 'invalid_input' });
});

test('pages contain every entry once while others are written', async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: { id: string }[]; nextCursor: string | null } = await operations.audit.list.run(
      platform.as(owner),
      { portfolio, limit: 2, actor: 'editor', ...(cursor && { cursor }) },
    );
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    await operations.caseStudy.update.run(platform.as(editor), {
      portfolio,
      slug: 'first',
      summary: 'New',
      expectedVersion: '*',
    });
  } while (cursor);
  expect(seen).toHaveLength(7);
  expect(new Set(seen).size).toBe(7);
});

test('says from which address and by which request a change came', async () => {
  const origin = { address: '2001:db8::7', requestId: 'a request' };
  const changed = { portfolio, slug: 'third', summary: 'Changed', expectedVersion: '*' as const };
  await operations.caseStudy.update.run({ ...platform.as(editor), origin }, changed);
  expect(await list({ limit: 1 })).toMatchObject([{ address: '2001:db8::7', requestId: 'a request' }]);
  expect(await list({ action: 'portfolio.create' })).toMatchObject([{ address: null, requestId: null }]);
});

test('lists the changes of one resource, across operations', async () => {
  const actions = (await list({ target: 'first' })).map(({ action }) => action);
  expect(new Set(actions)).toEqual(new Set(['caseStudy.create', 'caseStudy.update']));
  expect(await list({ target: 'nothing' })).toEqual([]);
});

describe('details', () => {
  test('of a member are its roles before and after', async () => {
    const ctx = platform.as(owner);
    await invite(platform, { portfolio, role: 'viewer' }, 'guest');
    expect(await latest()).toMatchObject({
      action: 'invitation.accept',
      target: 'guest',
      details: { role: { before: null, after: 'viewer' } },
    });
    const guest = { portfolio, member: 'guest', expectedVersion: '*' as const };
    await operations.member.update.run(ctx, { ...guest, role: 'owner' });
    expect((await latest()).details).toEqual({ role: { before: 'viewer', after: 'owner' } });
    await operations.member.remove.run(ctx, guest);
    expect(await latest()).toMatchObject({
      target: 'guest',
      details: { role: { before: 'owner', after: null } },
    });
  });

  test('of a key are its scopes before and after', async () => {
    const ctx = platform.as(owner);
    const scopes = ['job:read'] as const;
    const { id } = await operations.apiKey.create.run(ctx, { portfolio, name: 'Key', scopes: [...scopes] });
    expect((await latest()).details).toEqual({ scopes: { before: null, after: scopes } });
    const rotated = await operations.apiKey.rotate.run(ctx, { portfolio, id });
    expect((await latest()).details).toEqual({ scopes: { before: scopes, after: scopes } });
    await operations.apiKey.revoke.run(ctx, { portfolio, id: rotated.id });
    expect((await latest()).details).toEqual({ scopes: { before: scopes, after: null } });
  });

  test('of a bulk change are its filter and the number of what it changed', async () => {
    const ctx = platform.as(owner);
    await operations.caseStudy.export.run(ctx, { portfolio, slug: 'first' });
    await operations.job.cancelMany.run(ctx, { portfolio, kind: 'export.pdf' });
    const filter = { kind: 'export.pdf', limit: 1000 };
    expect((await latest()).details).toEqual({ count: 1, filter });
    await operations.job.retryMany.run(ctx, { portfolio, kind: 'export.pdf' });
    expect((await latest()).details).toEqual({ count: 1, filter });
    const metric = { portfolio, key: 'latency' };
    await operations.metric.define.run(ctx, { ...metric, name: 'Latency', unit: 'ms', betterWhen: 'down' });
    const samples = [1, 2, 3].map((value) => ({ at: `2026-01-0${value}T00:00:00.000Z`, value }));
    await operations.metric.record.run(ctx, { ...metric, samples });
    expect((await latest()).details).toEqual({ count: 3 });
    const range = { from: '2026-01-02T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
    await operations.metric.deleteSamples.run(ctx, { ...metric, ...range });
    expect((await latest()).details).toEqual({ count: 2, filter: range });
  });

  test('of other changes are null', async () => {
    expect((await list({ action: 'caseStudy.create', limit: 1 }))[0]!.details).toBeNull();
  });
});

describe('what happens outside of portfolios', () => {
  test('is listed for whom it is about, with the portfolios that they have created', async () => {
    const entries = await own(owner);
    expect(entries.map(({ action, target }) => [action, target]).toReversed()).toEqual([
      ['portfolio.create', portfolio],
      ['portfolio.create', 'other'],
      ['ownKey.create', expect.stringMatching(/^key_/)],
    ]);
    expect(entries[0]!.details).toEqual({ scopes: { before: null, after: ['job:read'] } });
    expect(await own(owner, { action: 'ownKey.create' })).toHaveLength(1);
    expect((await own(editor)).map(({ action }) => action)).toEqual(['ownKey.create']);
    expect(await own(user('nobody'))).toEqual([]);
  });

  test('is listed for owners where they ask for it, of present members only', async () => {
    const keysMade = async () =>
      (await list({ members: true, action: 'ownKey.create' })).map(({ actor }) => actor);
    await operations.ownKey.create.run(platform.as(user('non-member')), {
      name: 'Key',
      scopes: ['job:read'],
    });
    expect(new Set(await keysMade())).toEqual(new Set(['owner', 'editor']));
    expect(await list({ action: 'ownKey.create' })).toEqual([]);
    const removed = { portfolio, member: 'editor', expectedVersion: '*' as const };
    await operations.member.remove.run(platform.as(owner), removed);
    expect(await keysMade()).toEqual(['owner']);
    await invite(platform, { portfolio, role: 'editor' }, 'editor');
  });

  test('is not listed for owners where a member acted for others: as an operator, or in a portfolio that is gone', async () => {
    const operator = user('owner', ['operator:read', 'operator:write']);
    await operations.operator.jobs.run(platform.as(operator), {});
    const gone = newId('audit');
    await platform.ownerSql`
      insert into audit_log (id, actor, action, target, fields)
      values (${gone}, 'owner', 'portfolio.purge', 'pf_of_others', '{}')`;
    const listed = (await list({ members: true, limit: 100 })).map(({ action }) => action);
    expect(listed).toContain('ownKey.create');
    expect(listed).not.toContain('operator.jobs');
    expect(listed).not.toContain('portfolio.purge');
    expect((await own(owner)).map(({ action }) => action)).toContain('operator.jobs');
    await platform.ownerSql`delete from audit_log where id = ${gone}`;
  });

  test('is listed in order with what happens within, page by page', async () => {
    const all = await list({ members: true, limit: 100 });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: { id: string }[]; nextCursor: string | null } = await operations.audit.list.run(
        platform.as(owner),
        { portfolio, members: true, limit: 3, ...(cursor && { cursor }) },
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(all.map(({ at }) => at)).toEqual(
      all
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    );
  });
});

test('only owners may read it', async () => {
  const listed = operations.audit.list.run(platform.as(editor), { portfolio });
  await expect(listed).rejects.toMatchObject({ code: 'forbidden' });
  const narrow = user('owner', ['portfolio:read']);
  const narrowed = operations.audit.list.run(platform.as(narrow), { portfolio });
  await expect(narrowed).rejects.toMatchObject({ code: 'forbidden' });
});

test.each([{ from: 'yesterday' }, { to: '0000-01-01T00:00:00Z' }, { actor: 'a\0' }])(
  '%j is refused with the field that is wrong',
  async (filter) => {
    const pointer = `/${Object.keys(filter)[0]}`;
    await expect(list(filter)).rejects.toMatchObject({ code: 'invalid_input', fields: [{ pointer }] });
  },
);
