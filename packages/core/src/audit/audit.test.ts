import { afterAll, beforeAll, expect, test } from 'vitest';
import { invite } from '../../../../tests/support/invite.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, type Credential, scopeSchema } from '../actor.ts';
import { authenticateApiKey } from '../api-key/authenticate.ts';
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
