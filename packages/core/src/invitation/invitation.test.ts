import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { secretOf } from '../../../../tests/support/invite.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, type Role, scopeSchema } from '../actor.ts';
import { authenticateApiKey } from '../api-key/authenticate.ts';
import { operations } from '../index.ts';

const { invitation, member } = operations;
const owner = user('owner');
const byToken = (subject: string, msAgo: number): Actor => {
  const credential = { kind: 'token' as const, id: 'jti', tokenIssuedAt: new Date(Date.now() - msAgo) };
  return { kind: 'user', id: subject, scopes: scopeSchema.options, expiresAt: null, credential };
};
let portfolio = '';
let portfolioId = '';
let count = 0;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  for (const id of ['ada', 'grace'])
    await platform.sql`insert into people (id, subject, name, signed_in_at) values (${id}, ${id}, ${id}, now())`;
});
beforeEach(async () => {
  portfolio = `team-${++count}`;
  const created = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  });
  portfolioId = created.id;
});
afterAll(() => platform.stop());

const create = (about: { role?: Role; label?: string; by?: Actor } = {}) => {
  const { role = 'editor', label, by = owner } = about;
  return invitation.create.run(platform.as(by), { portfolio, role, ...(label && { label }) });
};
const accept = (made: { link: string }, actor = user('ada')) =>
  invitation.accept.run(platform.as(actor), { secret: secretOf(made) });
const show = (made: { link: string }, actor = user('ada')) =>
  invitation.show.run(platform.as(actor), { secret: secretOf(made) });
const list = async (actor = owner) => (await invitation.list.run(platform.as(actor), { portfolio })).items;
const revoke = (id: string, actor = owner) => invitation.revoke.run(platform.as(actor), { portfolio, id });

test('whoever holds the link sees what it is for, and becomes a member by it', async () => {
  await platform.sql`update people set name = 'Olga Owner' where id = 'owner'`;
  const made = await create({ role: 'viewer', label: 'For Ada' });
  expect(made).toMatchObject({ state: 'open', label: 'For Ada', madeBy: 'owner', acceptedBy: null });
  expect(made.link).toMatch(/^\/join#pinv_[\w-]{43}$/);
  const offer = { id: made.id, portfolio, portfolioName: 'Team', role: 'viewer', invitedBy: 'Olga Owner' };
  expect(await show(made)).toMatchObject(offer);
  expect(await accept(made)).toMatchObject({ portfolio, id: 'ada', role: 'viewer' });
  expect(await member.read.run(platform.as(user('ada')), { portfolio, member: 'ada' })).toMatchObject({
    role: 'viewer',
    signedInAt: expect.any(String),
  });
  expect(await list()).toMatchObject([{ id: made.id, state: 'accepted', acceptedBy: 'ada' }]);
});

test('a link admits one person, also where several open it at the same moment', async () => {
  const made = await create();
  const attempts = await Promise.allSettled([accept(made), accept(made, user('grace'))]);
  expect(attempts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  await expect(show(made)).rejects.toMatchObject({ code: 'not_found' });
  const { items } = await member.list.run(platform.as(owner), { portfolio });
  expect(items).toHaveLength(2);
});

test('who is a member already gets no other role by a link, which stays open', async () => {
  await platform.addMember(portfolioId, 'ada', 'viewer');
  const made = await create({ role: 'owner' });
  await expect(accept(made)).rejects.toMatchObject({ code: 'conflict' });
  expect(await list()).toMatchObject([{ state: 'open' }]);
  expect(await accept(made, user('grace'))).toMatchObject({ role: 'owner' });
});

test('the secret is stored nowhere, and shown only once', async () => {
  const made = await create();
  const [row] = await platform.sql`select to_jsonb(i)::text as text from invitations i where id = ${made.id}`;
  expect(row!.text).not.toContain(secretOf(made));
  expect(JSON.stringify(await list())).not.toContain(secretOf(made));
});

async function expectEnded(made: { id: string; link: string }, state: string) {
  await expect(accept(made)).rejects.toMatchObject({ code: 'not_found' });
  await expect(show(made)).rejects.toMatchObject({ code: 'not_found' });
  expect((await list()).find(({ id }) => id === made.id)).toMatchObject({ state });
}

describe('an invitation ends', () => {
  test('when it is revoked, which can be repeated', async () => {
    const made = await create();
    for (let time = 0; time < 2; time++) expect(await revoke(made.id)).toBeNull();
    await expectEnded(made, 'revoked');
  });

  test('after its days', async () => {
    const made = await create();
    await platform.sql`update invitations set expires_at = now() where id = ${made.id}`;
    await expectEnded(made, 'expired');
  });

  test.each([
    [
      'is removed',
      () => member.remove.run(platform.as(owner), { portfolio, member: 'grace', expectedVersion: '*' }),
    ],
    [
      'gets another role',
      () =>
        member.update.run(platform.as(owner), {
          portfolio,
          member: 'grace',
          role: 'editor',
          expectedVersion: '*',
        }),
    ],
  ])('when the owner who made it %s, for good', async (_, change) => {
    await platform.addMember(portfolioId, 'grace', 'owner');
    const made = await create({ by: user('grace') });
    await change();
    await platform.sql`
      insert into members (portfolio_id, person_id, role) values (${portfolioId}, 'grace', 'owner')
      on conflict (portfolio_id, person_id) do update set role = 'owner'`;
    await expectEnded(made, 'revoked');
  });

  test('when release 0.1.0 removes the owner who made it', async () => {
    await platform.addMember(portfolioId, 'grace', 'owner');
    const made = await create({ by: user('grace') });
    await platform.sql`delete from members where portfolio_id = ${portfolioId} and person_id = 'grace'`;
    await expectEnded(made, 'revoked');
  });

  test('with the key that made it', async () => {
    const about = { portfolio, name: 'Key', scopes: scopeSchema.options };
    const key = await operations.apiKey.create.run(platform.as(owner), about);
    const made = await create({ by: await authenticateApiKey(platform.db, key.secret) });
    expect(await show(made)).toMatchObject({ id: made.id });
    await operations.apiKey.revoke.run(platform.as(owner), { portfolio, id: key.id });
    await expectEnded(made, 'revoked');
  });

  test('with the tokens that made it', async () => {
    const [first, second] = [await create({ by: byToken('owner', 60_000) }), await create()];
    await member.revokeTokens.run(platform.as(owner), { portfolio, member: 'owner' });
    await expectEnded(first, 'revoked');
    const third = await create({ by: byToken('owner', -1000) });
    await operations.ownToken.revoke.run(platform.as(owner), {});
    expect(await show(third)).toMatchObject({ id: third.id });
    expect(await show(second)).toMatchObject({ id: second.id });
  });
});

test('nobody joins a portfolio that is in the bin, until it is taken out of it', async () => {
  const made = await create();
  const confirmed = { portfolio, confirm: portfolio, expectedVersion: '*' as const };
  await operations.portfolio.delete.run(platform.as(owner), confirmed);
  await expect(show(made)).rejects.toMatchObject({ code: 'not_found' });
  await expect(accept(made)).rejects.toMatchObject({ code: 'not_found' });
  await operations.portfolio.undelete.run(platform.as(owner), { portfolio });
  expect(await accept(made)).toMatchObject({ id: 'ada' });
});

test('one that was accepted cannot be revoked', async () => {
  const made = await create();
  await accept(made);
  await expect(revoke(made.id)).rejects.toMatchObject({ code: 'conflict' });
});

test('a portfolio has at most 100 open invitations', async () => {
  await create();
  await platform.sql`
    insert into invitations (id, portfolio_id, role, secret_hash, expires_at)
    select 'inv_' || n, ${portfolioId}, 'viewer', 'hash ' || n || ${portfolioId}, now() + interval '1 day'
    from generate_series(1, 99) n`;
  const by = byToken('owner', -1000);
  await expect(create({ by })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('100'),
  });
  await platform.sql`update invitations set revoked_at = now() where id = 'inv_7'`;
  await expect(create({ by })).resolves.toMatchObject({ state: 'open' });
});

describe('refused', () => {
  test('are members who are no owners, and credentials without the scopes of the role', async () => {
    for (const role of ['viewer', 'editor'] as const) await platform.addMember(portfolioId, role, role);
    const made = await create();
    for (const actor of [user('viewer'), user('editor')]) {
      await expect(create({ by: actor })).rejects.toMatchObject({ code: 'forbidden' });
      await expect(list(actor)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(revoke(made.id, actor)).rejects.toMatchObject({ code: 'forbidden' });
    }
    const narrow = user('owner', ['portfolio:read', 'portfolio:write']);
    await expect(create({ by: narrow, role: 'viewer' })).rejects.toMatchObject({ code: 'forbidden' });
    expect(await list()).toMatchObject([{ state: 'open' }]);
  });

  test('are owners of other portfolios, who neither find nor revoke it', async () => {
    const made = await create();
    const actor = user('outsider');
    const elsewhere = `elsewhere-${count}`;
    await operations.portfolio.create.run(platform.as(actor), { slug: elsewhere, name: 'Elsewhere' });
    await expect(create({ by: actor })).rejects.toMatchObject({ code: 'not_found' });
    await expect(list(actor)).rejects.toMatchObject({ code: 'not_found' });
    await expect(revoke(made.id, actor)).rejects.toMatchObject({ code: 'not_found' });
    const ofOther = invitation.revoke.run(platform.as(actor), { portfolio: elsewhere, id: made.id });
    await expect(ofOther).rejects.toMatchObject({ code: 'not_found' });
    expect(await show(made)).toMatchObject({ id: made.id });
  });

  test('is the key of a portfolio, which is no person, and a credential that may only read', async () => {
    const made = await create();
    const key: Actor = {
      kind: 'portfolio-key',
      id: 'key',
      portfolioId,
      scopes: scopeSchema.options,
      expiresAt: null,
    };
    await expect(accept(made, key)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(accept(made, user('ada', ['portfolio:read']))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(accept(made, { kind: 'anonymous' })).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await list()).toMatchObject([{ state: 'open' }]);
  });

  test('is who was erased meanwhile', async () => {
    const made = await create();
    await platform.sql`insert into people (id, erased_at) values (${portfolio}, now())`;
    await expect(accept(made, user(portfolio))).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
