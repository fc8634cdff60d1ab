import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { overlap } from '../../../../tests/support/overlap.ts';
import { invite } from '../../../../tests/support/invite.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, scopeSchema } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { operations } from '../index.ts';
import { authenticateApiKey } from './authenticate.ts';
import { requireGoodToken } from './token-ends.ts';

const { apiKey, ownKey, ownToken, member } = operations;
const scopes = scopeSchema.options;
const about = { name: 'Key', scopes };
const anHour = 3_600_000;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());

/** Each test has a subject with two portfolios. */
let subject: string;
let portfolio: string;
let other: string;
beforeEach(async () => {
  subject = `user ${randomUUID()}`;
  [portfolio, other] = [`one-${randomUUID()}`, `two-${randomUUID()}`];
  for (const slug of [portfolio, other]) {
    const ctx = platform.as(user('owner'));
    const { id } = await operations.portfolio.create.run(ctx, { slug, name: 'Team' });
    await platform.addMember(id, subject, 'owner');
  }
});

/** The subject, signed in with a token of that age. */
const byToken = (ageMilliseconds = 0): Actor => ({
  kind: 'user',
  id: subject,
  scopes,
  expiresAt: new Date(Date.now() + anHour),
  credential: { kind: 'token', id: null, tokenIssuedAt: new Date(Date.now() - ageMilliseconds) },
});

type Given = { of?: string; db?: Ctx['db'] };
const within = (actor: Actor, db?: Ctx['db']): Ctx => ({ ...platform.as(actor), ...(db && { db }) });
const make = (actor: Actor, { of = portfolio, db }: Given = {}) =>
  apiKey.create.run(within(actor, db), { portfolio: of, ...about });
const makeOwn = (actor: Actor, { db }: Given = {}) => ownKey.create.run(within(actor, db), about);
const actorBy = ({ secret }: { secret: string }) => authenticateApiKey(platform.db, secret);
const expectEnded = async (...keys: { secret: string }[]) => {
  for (const key of keys) await expect(actorBy(key)).rejects.toMatchObject({ code: 'unauthenticated' });
};
const revokeOwn = (db?: Ctx['db']) => ownToken.revoke.run(within(user(subject), db), {});
const revokeInPortfolio = (db?: Ctx['db']) =>
  member.revokeTokens.run(within(user('owner'), db), { portfolio, member: subject });
const check = async ({ credential }: Actor & { kind: 'user' }) =>
  requireGoodToken(platform.db, subject, credential!.tokenIssuedAt!);

describe('a subject that revokes its tokens', () => {
  test('ends those issued so far and the keys made with them, in every generation, and no others', async () => {
    const token = byToken(1000);
    const own = await makeOwn(token);
    const ofPortfolio = await make(token);
    const child = await make(await actorBy(own), { of: other });
    const byPlatform = await makeOwn(user(subject));
    const ofAnother = await make(user('owner'));
    const before = Date.now();
    const { notBefore, keysEnded } = await revokeOwn();
    expect(keysEnded).toBe(3);
    expect(Math.abs(Date.parse(notBefore) - before)).toBeLessThan(10_000);
    await expectEnded(own, ofPortfolio, child);
    await actorBy(byPlatform);
    await actorBy(ofAnother);
    await expect(check(token as Actor & { kind: 'user' })).rejects.toMatchObject({ code: 'unauthenticated' });
    await check(byToken(-1000) as Actor & { kind: 'user' });
    await requireGoodToken(platform.db, 'somebody else', new Date(0));
  });

  test('can do it again, which ends what was issued since', async () => {
    const first = await revokeOwn();
    const second = await revokeOwn();
    expect(second.keysEnded).toBe(0);
    expect(second.notBefore >= first.notBefore).toBe(true);
  });

  test('is a user: a portfolio key has no tokens', async () => {
    const key = await actorBy(await make(user('owner')));
    await expect(ownToken.revoke.run(platform.as(key), {})).rejects.toMatchObject({ code: 'forbidden' });
  });

  test.each([make, makeOwn])('leaves no key that is made at the same moment (%#)', async (makeBy) => {
    const token = byToken(1000);
    const [made] = await overlap(
      platform,
      (db) => makeBy(token, { db }),
      (db) => revokeOwn(db),
    );
    await expectEnded(made);
    const racing = overlap(
      platform,
      (db) => revokeOwn(db),
      (db) => makeBy(token, { db }),
    );
    await expect(racing).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

const seenBy = async (actor: Actor) => {
  const { items } = await operations.portfolio.list.run(platform.as(actor), { limit: 100 });
  return items.map(({ slug }) => slug).filter((slug) => slug === portfolio || slug === other);
};
const readMembers = (actor: Actor, of = portfolio) => member.list.run(platform.as(actor), { portfolio: of });

describe('a member whose tokens an owner has revoked', () => {
  test('is none in this portfolio by these tokens and by the keys they made, and goes on by newer ones', async () => {
    const token = byToken(1000);
    const own = await makeOwn(token);
    const ofOwn = await makeOwn(await actorBy(own));
    await revokeInPortfolio();
    for (const actor of [token, await actorBy(own), await actorBy(ofOwn)]) {
      await expect(readMembers(actor)).rejects.toMatchObject({ code: 'not_found' });
      expect(await seenBy(actor)).toEqual([other]);
      expect((await readMembers(actor, other)).items).toHaveLength(2);
    }
    for (const actor of [byToken(-1000), await actorBy(await makeOwn(byToken(-1000))), user(subject)]) {
      expect((await readMembers(actor)).items).toHaveLength(2);
      expect(await seenBy(actor)).toEqual([portfolio, other]);
    }
  });

  test('has lost the keys of the portfolio that these tokens made, and no others', async () => {
    const token = byToken(1000);
    const ended = [await make(token), await make(await actorBy(await makeOwn(token)))];
    ended.push(await make(await actorBy(ended[0]!)));
    const elsewhere = await make(token, { of: other });
    const byPlatform = await make(user(subject));
    expect(await revokeInPortfolio()).toMatchObject({ keysEnded: 3, notBefore: expect.any(String) });
    await expectEnded(...ended);
    expect(await actorBy(elsewhere)).toMatchObject({ id: elsewhere.id });
    expect(await actorBy(byPlatform)).toMatchObject({ id: byPlatform.id });
  });

  test('does not get them back by leaving and being added again', async () => {
    const token = byToken(1000);
    const own = await makeOwn(token);
    await revokeInPortfolio();
    const ctx = platform.as(user('owner'));
    for (let time = 0; time < 2; time++) {
      await member.remove.run(ctx, { portfolio, member: subject, expectedVersion: '*' });
      await invite(platform, { portfolio, role: 'owner' }, subject);
      for (const actor of [token, await actorBy(own)])
        await expect(readMembers(actor)).rejects.toMatchObject({ code: 'not_found' });
      expect((await readMembers(byToken(-1000))).items).toHaveLength(2);
    }
  });

  test('leaves no key that is made at the same moment', async () => {
    const token = byToken(1000);
    const [made] = await overlap(
      platform,
      (db) => make(token, { db }),
      (db) => revokeInPortfolio(db),
    );
    await expectEnded(made);
  });

  test('was chosen by an owner, and exists', async () => {
    const editor = `editor ${randomUUID()}`;
    await invite(platform, { portfolio, role: 'editor' }, editor);
    const refused = member.revokeTokens.run(platform.as(user(editor)), { portfolio, member: subject });
    await expect(refused).rejects.toMatchObject({ code: 'forbidden' });
    const unknown = member.revokeTokens.run(platform.as(user('owner')), { portfolio, member: 'nobody' });
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' });
  });
});
