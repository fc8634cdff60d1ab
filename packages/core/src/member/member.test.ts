import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { invite } from '../../../../tests/support/invite.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import type { Actor } from '../actor.ts';
import { operations } from '../index.ts';

const { member } = operations;
const owner = user('owner');
let portfolio = '';
let portfolioId = '';
let count = 0;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
beforeEach(async () => {
  portfolio = `team-${++count}`;
  ({ id: portfolioId } = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  }));
});
afterAll(() => platform.stop());

const add = (subject: string, role: 'viewer' | 'editor' | 'owner', actor: Actor = owner) =>
  invite(platform, { portfolio, role, by: actor }, subject);
const update = (subject: string, role: 'viewer' | 'editor' | 'owner', actor: Actor = owner) =>
  member.update.run(platform.as(actor), { portfolio, member: subject, role, expectedVersion: '*' });
const remove = (subject: string, actor: Actor = owner) =>
  member.remove.run(platform.as(actor), { portfolio, member: subject, expectedVersion: '*' });
const subjects = async (actor: Actor = owner) =>
  (await member.list.run(platform.as(actor), { portfolio })).items.map(({ id }) => id);

test('an added member has the rights of its role immediately, and none once removed', async () => {
  const ada = platform.as(user('ada'));
  const study = { portfolio, slug: 'first', title: 'First' };
  await expect(operations.caseStudy.create.run(ada, study)).rejects.toMatchObject({ code: 'not_found' });
  const added = await add('ada', 'editor');
  expect(added).toMatchObject({ portfolio, subject: 'ada', role: 'editor' });
  expect(await member.read.run(ada, { portfolio, member: 'ada' })).toEqual(added);
  await operations.caseStudy.create.run(ada, study);
  expect(await remove('ada')).toBeNull();
  await expect(operations.caseStudy.create.run(ada, study)).rejects.toMatchObject({ code: 'not_found' });
  await expect(remove('ada')).rejects.toMatchObject({ code: 'not_found' });
});

test('no member is added twice, not even concurrently', async () => {
  const attempts = await Promise.allSettled(Array.from({ length: 6 }, () => add('ada', 'editor')));
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(add('ada', 'viewer')).rejects.toMatchObject({ code: 'conflict' });
  expect(await member.read.run(platform.as(owner), { portfolio, member: 'ada' })).toMatchObject({
    role: 'editor',
  });
});

test('a change based on an older version is refused, and changes nothing', async () => {
  const { version } = await add('ada', 'editor');
  const ctx = platform.as(owner);
  const promoted = await member.update.run(ctx, {
    portfolio,
    member: 'ada',
    role: 'owner',
    expectedVersion: version,
  });
  const stale = { portfolio, member: 'ada', expectedVersion: version };
  await expect(member.update.run(ctx, { ...stale, role: 'viewer' })).rejects.toMatchObject({
    code: 'precondition_failed',
  });
  await expect(member.remove.run(ctx, stale)).rejects.toMatchObject({ code: 'precondition_failed' });
  expect(await member.read.run(ctx, { portfolio, member: 'ada' })).toEqual(promoted);
});

describe('the last owner', () => {
  test('cannot be removed, demoted or leave until there is another owner', async () => {
    await expect(remove('owner')).rejects.toMatchObject({ code: 'conflict' });
    await expect(update('owner', 'editor')).rejects.toMatchObject({ code: 'conflict' });
    expect(await update('owner', 'owner')).toMatchObject({ role: 'owner' });
    await add('ada', 'owner');
    expect(await remove('owner')).toBeNull();
    expect(await subjects(user('ada'))).toEqual(['ada']);
  });

  test('who has signed in stays, whoever else is an owner without ever having signed in', async () => {
    await platform.addMember(portfolioId, 'mistyped', 'owner');
    await platform.sql`update people set signed_in_at = null where id = 'mistyped'`;
    const refused = { code: 'conflict', message: expect.stringContaining('who has signed in') };
    await expect(remove('owner')).rejects.toMatchObject(refused);
    await expect(update('owner', 'viewer')).rejects.toMatchObject(refused);
    expect(await remove('mistyped')).toBeNull();
  });

  test('remains when all owners leave concurrently', async () => {
    const owners = ['owner', 'ada', 'grace', 'edsger'];
    for (const subject of owners.slice(1)) await add(subject, 'owner');
    const attempts = await Promise.allSettled(
      owners.map((subject, at) =>
        at % 2 === 0 ? remove(subject, user(subject)) : update(subject, 'viewer', user(subject)),
      ),
    );
    const refusals = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(refusals).toHaveLength(1);
    expect(refusals[0]!.reason).toMatchObject({ code: 'conflict' });
    const left = await platform.sql`
      select 1 from members where portfolio_id = ${portfolioId} and role = 'owner'`;
    expect(left).toHaveLength(1);
  });
});

describe('a member who is not an owner', () => {
  beforeEach(async () => {
    await add('viewer', 'viewer');
    await add('editor', 'editor');
  });

  test('sees the other members but cannot change them', async () => {
    for (const subject of ['viewer', 'editor']) {
      expect(await subjects(user(subject))).toEqual(['editor', 'owner', 'viewer']);
      const actor = user(subject);
      await expect(add('friend', 'viewer', actor)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(update(subject, 'owner', actor)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(remove('owner', actor)).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(await subjects()).toEqual(['editor', 'owner', 'viewer']);
  });

  test('can leave, but not with a read-only credential', async () => {
    const reading = user('viewer', ['portfolio:read']);
    await expect(remove('viewer', reading)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await remove('viewer', user('viewer'))).toBeNull();
    await expect(subjects(user('viewer'))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('cannot leave another portfolio, and does not learn that it exists', async () => {
    await expect(remove('outsider', user('outsider'))).rejects.toMatchObject({
      code: 'not_found',
      message: `There is no portfolio "${portfolio}".`,
    });
  });
});

test('a credential cannot grant a role with scopes that it lacks', async () => {
  const narrow = user('owner', ['portfolio:read', 'portfolio:write']);
  await add('ada', 'viewer');
  await expect(add('accomplice', 'owner', narrow)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(update('ada', 'owner', narrow)).rejects.toMatchObject({ code: 'forbidden' });
  expect(await subjects()).toEqual(['ada', 'owner']);
});

test('pages contain every member once, with subjects in any script', async () => {
  const odd = ['a/b', 'ü@ex.org', '日本', 'auth0|5f7c', '%2F', 'x y', '👩‍💻', '-', "o'hara", 'A', 'a'];
  for (const subject of odd) await add(subject, 'viewer');
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await member.list.run(platform.as(owner), {
      portfolio,
      limit: 3,
      ...(cursor && { cursor }),
    });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(seen).toHaveLength(odd.length + 1);
  expect(new Set(seen)).toEqual(new Set(['owner', ...odd]));
});

test.each(['', 'a\0b', '\ud800', 'x'.repeat(256)])('the id %j of a member is refused', async (id) => {
  await expect(update(id, 'viewer')).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: '/member' }],
  });
});

test.each(['!', 'AA', '_w'])('the cursor %j is refused', async (cursor) => {
  await expect(member.list.run(platform.as(owner), { portfolio, cursor })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: '/cursor' }],
  });
});
