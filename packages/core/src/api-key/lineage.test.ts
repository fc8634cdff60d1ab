import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { overlap } from '../../../../tests/support/overlap.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, scopeSchema } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { operations } from '../index.ts';
import { authenticateApiKey } from './authenticate.ts';

const { apiKey, ownKey, member } = operations;
const scopes = scopeSchema.options;
const about = { name: 'Key', scopes };
const days = (count: number) => count * 24 * 3_600_000;
const after = (milliseconds: number) => new Date(Date.now() + milliseconds);

let platform: TestServices;
let portfolio: string;
beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());

/** Each test has a portfolio of its own, with two owners. */
beforeEach(async () => {
  portfolio = `team-${randomUUID()}`;
  const { id } = await operations.portfolio.create.run(platform.as(user('owner')), {
    slug: portfolio,
    name: 'Team',
  });
  await platform.addMember(id, 'mallory', 'owner');
});

/** A user who signed in with a token. */
const byToken = (subject: string, issuedAt = new Date()): Actor => ({
  kind: 'user',
  id: subject,
  scopes,
  expiresAt: after(3_600_000),
  credential: { kind: 'token', id: `token of ${subject}`, tokenIssuedAt: issuedAt },
});
const owner = byToken('owner');
const mallory = byToken('mallory');

type Given = { expiresAt?: string | null; db?: Ctx['db'] };
const within = (actor: Actor, db?: Ctx['db']): Ctx => ({ ...platform.as(actor), ...(db && { db }) });
const make = (actor: Actor, { db, ...given }: Given = {}) =>
  apiKey.create.run(within(actor, db), { portfolio, ...about, ...given });
const makeOwn = (actor: Actor, { db, ...given }: Given = {}) =>
  ownKey.create.run(within(actor, db), { ...about, ...given });
const actorBy = ({ secret }: { secret: string }) => authenticateApiKey(platform.db, secret);
const expectEnded = async (...keys: { secret: string }[]) => {
  for (const key of keys) await expect(actorBy(key)).rejects.toMatchObject({ code: 'unauthenticated' });
};
const remove = (subject: string, db?: Ctx['db']) =>
  member.remove.run(within(owner, db), { portfolio, member: subject, expectedVersion: '*' });
const demote = (subject: string, db?: Ctx['db']) =>
  member.update.run(within(owner, db), { portfolio, member: subject, role: 'editor', expectedVersion: '*' });
/** Three generations: a personal key, a portfolio key that it made, and one that this made. */
async function generations() {
  const first = await makeOwn(owner);
  const second = await make(await actorBy(first));
  return [first, second, await make(await actorBy(second))] as const;
}
const read = async (id: string) => {
  const { items } = await apiKey.list.run(platform.as(owner), { portfolio, limit: 100 });
  return items.find((key) => key.id === id)!;
};

test('a key says who made it, with which credential and by which key, and hands on its maker', async () => {
  const issuedAt = new Date('2026-01-01T00:00:00Z');
  const first = await make(byToken('mallory', issuedAt));
  expect(first).toMatchObject({ madeBy: 'mallory', madeWith: 'token of mallory', parent: null });
  const actor = await actorBy(first);
  expect(actor).toMatchObject({
    madeBy: 'mallory',
    credential: { kind: 'key', id: first.id, tokenIssuedAt: issuedAt },
  });
  const second = await make(actor);
  expect(second).toMatchObject({ madeBy: 'mallory', madeWith: first.id, parent: first.id });
  expect(await actorBy(second)).toMatchObject({ credential: { tokenIssuedAt: issuedAt } });
  expect(await read(second.id)).toMatchObject({ parent: first.id });
  expect(await make(user('owner'))).toMatchObject({ madeBy: 'owner', madeWith: null, parent: null });
});

describe('a key lasts no longer than what made it', () => {
  test.each([make, makeOwn])('where that is a key (%#)', async (makeBy) => {
    const expiresAt = after(60_000).toISOString();
    const actor = await actorBy(await makeOwn(owner, { expiresAt }));
    for (const later of [null, after(61_000).toISOString()]) {
      await expect(makeBy(actor, { expiresAt: later })).rejects.toMatchObject({
        code: 'invalid_input',
        fields: [{ pointer: '/expiresAt', detail: expect.stringContaining(expiresAt) }],
      });
    }
    expect(await makeBy(actor, { expiresAt })).toMatchObject({ expiresAt });
    expect(await makeBy(actor)).toMatchObject({ expiresAt });
  });

  test('where that is a token, a year at most', async () => {
    for (const expiresAt of [null, after(days(366)).toISOString()]) {
      await expect(makeOwn(owner, { expiresAt })).rejects.toMatchObject({
        code: 'invalid_input',
        fields: [{ pointer: '/expiresAt' }],
      });
    }
    const expiresAt = after(days(364)).toISOString();
    expect(await makeOwn(owner, { expiresAt })).toMatchObject({ expiresAt });
  });

  test('where that need not end, as long as it says: 90 days by default', async () => {
    const endless = await makeOwn(user('owner'), { expiresAt: null });
    const actor = await actorBy(endless);
    expect(await make(actor, { expiresAt: null })).toMatchObject({ expiresAt: null });
    const { expiresAt } = await make(actor);
    expect(Math.abs(Date.parse(expiresAt!) - after(days(90)).valueOf())).toBeLessThan(60_000);
  });
});

describe('a key ends with the key that made it', () => {
  test('when that is revoked, in every generation, and no other key does', async () => {
    const [first, second, third] = await generations();
    const other = await make(owner);
    await apiKey.revoke.run(platform.as(owner), { portfolio, id: second.id });
    await expectEnded(second, third);
    expect(await read(third.id)).toMatchObject({ revokedAt: expect.any(String) });
    await actorBy(first);
    await actorBy(other);
    const [one, two, three] = await generations();
    await ownKey.revoke.run(platform.as(owner), { id: one.id });
    await expectEnded(one, two, three);
  });

  test('when that expires, also where its own row says otherwise', async () => {
    const [first, second, third] = await generations();
    await platform.sql`update api_keys set expires_at = now() - interval '1 second' where id = ${first.id}`;
    await platform.sql`update api_keys set expires_at = null where id in (${second.id}, ${third.id})`;
    await expectEnded(first, second, third);
  });
});

describe.each([
  ['removed', remove],
  ['demoted', demote],
])('the keys that an owner made who is %s', (_, end) => {
  test('end with all that they made, and those of others go on', async () => {
    const own = await makeOwn(mallory);
    const [byOwn, direct, other] = [await make(await actorBy(own)), await make(mallory), await make(owner)];
    const child = await make(await actorBy(direct));
    await end('mallory');
    await expectEnded(byOwn, direct, child);
    await actorBy(other);
    // It acts as its user, whose role is another now.
    const listed = apiKey.list.run(platform.as(await actorBy(own)), { portfolio });
    await expect(listed).rejects.toMatchObject({ code: end === remove ? 'not_found' : 'forbidden' });
  });

  test('end in this portfolio only', async () => {
    const slug = `other-${randomUUID()}`;
    await operations.portfolio.create.run(platform.as(mallory), { slug, name: 'Other' });
    const elsewhere = await apiKey.create.run(platform.as(mallory), { ...about, portfolio: slug });
    await end('mallory');
    expect(await actorBy(elsewhere)).toMatchObject({ id: elsewhere.id });
  });

  test.each(['token', 'key'])('end even if they are made by a %s at the same moment', async (kind) => {
    const actor = kind === 'token' ? mallory : await actorBy(await make(mallory));
    const [made] = await overlap(
      platform,
      (db) => make(actor, { db }),
      (db) => end('mallory', db),
    );
    await expectEnded(made);
  });

  test.each(['token', 'key'])('cannot be made by a %s any more while that happens', async (kind) => {
    const actor = kind === 'token' ? mallory : await actorBy(await make(mallory));
    const racing = overlap(
      platform,
      (db) => end('mallory', db),
      (db) => make(actor, { db }),
    );
    await expect(racing).rejects.toMatchObject({ code: 'forbidden' });
  });
});

test('those who leave leave no keys behind', async () => {
  const key = await make(mallory);
  await member.remove.run(platform.as(mallory), { portfolio, member: 'mallory', expectedVersion: '*' });
  await expectEnded(key);
});

test.each([
  ['removed', () => platform.sql`delete from members where person_id = 'mallory'`],
  ['demoted', () => platform.sql`update members set role = 'editor' where person_id = 'mallory'`],
])('an owner who was %s by a release that ends no keys leaves none that works', async (_, change) => {
  const [key, personal] = [await make(mallory), await makeOwn(mallory)];
  const child = await make(await actorBy(key));
  const other = await make(owner);
  await change();
  await expectEnded(key, child);
  for (const good of [personal, other]) await actorBy(good);
});

test('a key whose maker is unknown goes on when members leave', async () => {
  const key = await make(mallory);
  await platform.sql`update api_keys set made_by = null, made_with = null where id = ${key.id}`;
  await remove('mallory');
  expect(await actorBy(key)).toMatchObject({ id: key.id });
});

test.each([make, makeOwn])(
  'a key that is revoked while it makes another leaves none (%#)',
  async (makeBy) => {
    const parent = await makeOwn(owner);
    const actor = await actorBy(parent);
    const revoke = (db: Ctx['db']) => ownKey.revoke.run(within(owner, db), { id: parent.id });
    const [made] = await overlap(platform, (db) => makeBy(actor, { db }), revoke);
    await expectEnded(made);
    const second = await makeOwn(owner);
    const secondActor = await actorBy(second);
    const racing = overlap(
      platform,
      (db) => ownKey.revoke.run(within(owner, db), { id: second.id }),
      (db) => makeBy(secondActor, { db }),
    );
    await expect(racing).rejects.toMatchObject({ code: 'unauthenticated' });
  },
);
