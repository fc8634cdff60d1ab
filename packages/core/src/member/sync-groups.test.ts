import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { signIn } from '../../../../tests/support/sign-in.ts';
import { operations } from '../index.ts';
import { type GroupRoles, syncGroups } from './sync-groups.ts';

const { member, portfolio, apiKey } = operations;
const owner = user('owner');

let platform: TestServices;
let teamId: string;
beforeAll(async () => {
  platform = await testServices();
  for (const slug of ['team', 'other']) {
    const { id } = await portfolio.create.run(platform.as(owner), { slug, name: slug });
    if (slug === 'team') teamId = id;
  }
  await signIn(platform, 'ada');
});
afterAll(() => platform.stop());
beforeEach(async () => {
  await platform.ownerSql`delete from members where person_id <> 'owner'`;
  await platform.ownerSql`update people set groups_at = null, group_roles = null`;
});

let second = 0;
const sync = (roles: GroupRoles, issuedAt = new Date(Date.UTC(2026, 0, 1) + ++second * 1000)) =>
  syncGroups(platform.db, { personId: 'ada', roles, issuedAt });
const roles = async () => {
  const rows = await platform.sql<{ slug: string; role: string }[]>`
    select slug, role from members join portfolios on id = portfolio_id where person_id = 'ada' order by slug`;
  return Object.fromEntries(rows.map(({ slug, role }) => [slug, role]));
};

describe('groups', () => {
  test('make a person a member of portfolios, change the role, and end it', async () => {
    await sync({ team: 'editor', other: 'viewer', 'no-such': 'owner' });
    expect(await roles()).toEqual({ team: 'editor', other: 'viewer' });
    await sync({ team: 'owner' });
    expect(await roles()).toEqual({ team: 'owner' });
    await sync({});
    expect(await roles()).toEqual({});
  });

  test('of an older token change nothing', async () => {
    const time = new Date(Date.UTC(2027, 0, 1));
    await sync({ team: 'viewer' }, time);
    await sync({ team: 'owner' }, new Date(time.valueOf() - 1000));
    expect(await roles()).toEqual({ team: 'viewer' });
  });

  test('neither change nor remove a member whom an owner has added', async () => {
    await platform.addMember(teamId, 'ada', 'editor');
    await sync({ team: 'owner' });
    await sync({});
    expect(await roles()).toEqual({ team: 'editor' });
  });

  test('do not take the role of the only owner who has signed in, and say so', async () => {
    await sync({ team: 'owner' });
    await platform.sql`update people set signed_in_at = null where id = 'owner'`;
    expect(await sync({ team: 'viewer' })).toEqual(['team']);
    expect(await sync({})).toEqual(['team']);
    expect(await roles()).toEqual({ team: 'owner' });
    await platform.sql`update people set signed_in_at = now() where id = 'owner'`;
    expect(await sync({})).toEqual([]);
    expect(await roles()).toEqual({});
  });

  test('end the keys that an owner has made, with the role', async () => {
    await sync({ team: 'owner' });
    const about = { portfolio: 'team', name: 'CI', scopes: ['job:read' as const] };
    const { id } = await apiKey.create.run(platform.as(user('ada')), about);
    await sync({ team: 'editor' });
    const read = await apiKey.read.run(platform.as(owner), { portfolio: 'team', id });
    expect(read.revokedAt).not.toBeNull();
  });

  test('do not restore the tokens that an owner has revoked', async () => {
    await sync({ team: 'viewer' });
    await member.revokeTokens.run(platform.as(owner), { portfolio: 'team', member: 'ada' });
    await sync({});
    await sync({ team: 'viewer' });
    const [row] = await platform.sql`select tokens_not_before is not null as "areEnded" from members
      where person_id = 'ada'`;
    expect(row).toEqual({ areEnded: true });
  });

  test('leave an entry in the audit log of the portfolio, where they change something', async () => {
    await platform.ownerSql`truncate audit_log`;
    await sync({ team: 'viewer' });
    await sync({ team: 'viewer' });
    const rows = await platform.sql`select portfolio_id as id, actor, action, target, details from audit_log`;
    const details = { role: { before: null, after: 'viewer' } };
    expect([...rows]).toEqual([
      { id: teamId, actor: 'ada', action: 'member.syncGroups', target: 'ada', details },
    ]);
  });

  test('are applied once by concurrent requests', async () => {
    const time = new Date(Date.UTC(2028, 0, 1));
    await Promise.all([sync({ team: 'viewer' }, time), sync({ team: 'viewer' }, time)]);
    expect(await roles()).toEqual({ team: 'viewer' });
  });
});

test('a member by a group can be changed and removed by nobody, and cannot leave', async () => {
  await sync({ team: 'editor' });
  const ref = { portfolio: 'team', member: 'ada', expectedVersion: '*' as const };
  const conflict = { code: 'conflict', message: expect.stringContaining('group') as string };
  for (const by of [owner, user('ada')])
    await expect(member.remove.run(platform.as(by), ref)).rejects.toMatchObject(conflict);
  const change = { ...ref, role: 'viewer' as const };
  await expect(member.update.run(platform.as(owner), change)).rejects.toMatchObject(conflict);
  expect(await roles()).toEqual({ team: 'editor' });
});
