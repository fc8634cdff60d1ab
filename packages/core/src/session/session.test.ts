import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { signIn } from '../../../../tests/support/sign-in.ts';
import { roleScopes } from '../actor.ts';
import { operations } from '../index.ts';
import { authenticateSession } from './authenticate.ts';
import { beginSession } from './begin.ts';
import { storeSignIn, takeSignIn } from './pending.ts';
import { removeExpiredSessions } from './remove-expired.ts';

const { session, ownToken, ownKey, member, portfolio } = operations;
const ada = user('ada');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());
beforeEach(() => platform.ownerSql`truncate sessions, pending_sign_ins`);

const actorOf = ({ secret }: { secret: string }, address?: string) =>
  authenticateSession(platform.db, secret, address);
const listed = async () => (await session.list.run(platform.as(ada), {})).items;
const refused = { code: 'unauthenticated', message: 'The session has ended. Sign in again.' };

describe('a session', () => {
  test('acts as its person, with the scopes of every role and the time of the sign-in', async () => {
    const signedInAt = new Date(Date.now() - 60_000);
    const begun = await signIn(platform, 'ada', { signedInAt });
    const actor = await actorOf(begun);
    expect(actor).toMatchObject({
      kind: 'user',
      id: 'ada',
      scopes: roleScopes.owner,
      credential: { kind: 'session', id: begun.id, signedInAt },
    });
  });

  test('is 256 random bits, of which only a hash is stored', async () => {
    const { secret } = await signIn(platform, 'ada');
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(await platform.sql`select * from sessions`)).not.toContain(secret);
  });

  test('was not signed in to later than now, whatever the clock of the issuer says', async () => {
    const begun = await signIn(platform, 'ada', { signedInAt: new Date(Date.now() + 3_600_000) });
    const actor = await actorOf(begun);
    const { signedInAt } = (actor as { credential: { signedInAt: Date } }).credential;
    expect(signedInAt.valueOf()).toBeLessThanOrEqual(Date.now());
  });

  test('is refused when it is unknown, malformed, ended, expired or idle, with the same message for each', async () => {
    const ended = await signIn(platform, 'ada');
    await session.revoke.run(platform.as(ada), { id: ended.id });
    const expired = await signIn(platform, 'ada');
    await platform.sql`update sessions set expires_at = now() where id = ${expired.id}`;
    const idle = await signIn(platform, 'ada');
    await platform.sql`update sessions set last_seen_at = now() - interval '24 hours' where id = ${idle.id}`;
    for (const secret of ['a'.repeat(43), '', "'", ended.secret, expired.secret, idle.secret])
      await expect(actorOf({ secret })).rejects.toMatchObject(refused);
    expect(await listed()).toEqual([]);
  });

  test('lasts seven days at most', async () => {
    const begun = await signIn(platform, 'ada');
    const [row] = await platform.sql`
      select expires_at - created_at = interval '7 days' as "isWeek" from sessions where id = ${begun.id}`;
    expect(row).toEqual({ isWeek: true });
  });

  test('is noted with the address that used it last, once a minute', async () => {
    const begun = await signIn(platform, 'ada');
    await actorOf(begun, '192.0.2.9');
    await platform.sql`update sessions set last_seen_at = now() - interval '2 minutes'`;
    await actorOf(begun);
    expect(await listed()).toMatchObject([{ address: '192.0.2.1' }]);
    await actorOf(begun, '192.0.2.7');
    await eventually(async () => expect(await listed()).toMatchObject([{ address: '192.0.2.7' }]));
  });

  test('ends when its person revokes the tokens issued so far, and a later one does not', async () => {
    const before = await signIn(platform, 'ada');
    await ownToken.revoke.run(platform.as(ada), {});
    const after = await signIn(platform, 'ada');
    await expect(actorOf(before)).rejects.toMatchObject(refused);
    expect(await actorOf(after)).toMatchObject({ id: 'ada' });
  });

  test('does not act in a portfolio whose owner has revoked the tokens of its person, until the next sign-in', async () => {
    const owner = platform.as(user('owner'));
    const { id } = await portfolio.create.run(owner, { slug: 'team', name: 'Team' });
    await platform.addMember(id, 'ada', 'viewer');
    const reads = async (begun: { secret: string }) =>
      member.list.run(platform.as(await actorOf(begun)), { portfolio: 'team' });
    const before = await signIn(platform, 'ada');
    await reads(before);
    await member.revokeTokens.run(owner, { portfolio: 'team', member: 'ada' });
    await expect(reads(before)).rejects.toMatchObject({ code: 'not_found' });
    await reads(await signIn(platform, 'ada'));
  });

  test('makes keys that end when its person revokes the tokens, and not when it ends', async () => {
    const begun = await signIn(platform, 'ada');
    const caller = platform.as(await actorOf(begun));
    const made = await ownKey.create.run(caller, { name: 'CI', scopes: ['job:read'] });
    expect(made).toMatchObject({ madeBy: 'ada', madeWith: begun.id, parent: null });
    await session.revoke.run(platform.as(ada), { id: begun.id });
    const read = () => ownKey.read.run(platform.as(ada), { id: made.id });
    expect(await read()).toMatchObject({ revokedAt: null });
    await ownToken.revoke.run(platform.as(ada), {});
    expect(await read()).toMatchObject({ revokedAt: expect.any(String) });
  });

  test('ends the one that the browser had before, and is in the audit log', async () => {
    const before = await signIn(platform, 'ada');
    const about = {
      personId: 'ada',
      signedInAt: new Date(),
      origin: { address: '192.0.2.1', requestId: null },
      userAgent: 'Böse\nZeile',
    };
    const after = await beginSession(platform.db, { ...about, replaces: before.secret });
    await expect(actorOf(before)).rejects.toMatchObject(refused);
    expect(await listed()).toMatchObject([{ id: after.id, userAgent: 'BseZeile' }]);
    const audited =
      await platform.sql`select actor, credential, action from audit_log where target = ${after.id}`;
    expect(audited).toEqual([{ actor: 'ada', credential: after.id, action: 'session.create' }]);
  });
});

test('a person sees the own sessions, newest first, which one is used, and ends one or all of them', async () => {
  const [first, second] = [await signIn(platform, 'ada'), await signIn(platform, 'ada')];
  const other = await signIn(platform, 'bob');
  const current = platform.as(await actorOf(first));
  const { items } = await session.list.run(current, {});
  expect(items).toMatchObject([
    { id: second.id, isCurrent: false, userAgent: 'Test browser' },
    { id: first.id, isCurrent: true },
  ]);
  await expect(session.revoke.run(current, { id: other.id })).rejects.toMatchObject({ code: 'not_found' });
  await session.revoke.run(current, { id: second.id });
  expect(await listed()).toMatchObject([{ id: first.id }]);
  await signIn(platform, 'ada');
  expect(await session.revokeAll.run(current, {})).toEqual({ sessionsEnded: 2 });
  expect(await listed()).toEqual([]);
  expect(await actorOf(other)).toMatchObject({ id: 'bob' });
});

test('a sign-in as no operator ends operating in the other sessions of the person, and in no other', async () => {
  const operating = async (begun: { secret: string }) =>
    ((await actorOf(begun)) as { scopes: readonly string[] }).scopes.includes('operator:write');
  const before = await signIn(platform, 'ada', { isOperator: true });
  const ofAnother = await signIn(platform, 'grace', { isOperator: true });
  await signIn(platform, 'ada', { isOperator: true });
  expect(await operating(before)).toBe(true);
  await signIn(platform, 'ada');
  expect(await operating(before)).toBe(false);
  expect(await operating(ofAnother)).toBe(true);
});

test('a person has 50 sessions at most: the oldest ends', async () => {
  const first = await signIn(platform, 'ada');
  for (let at = 0; at < 50; at++) await signIn(platform, 'ada');
  await expect(actorOf(first)).rejects.toMatchObject(refused);
  const [row] = await platform.sql`select count(*)::int as count from sessions where person_id = 'ada'`;
  expect(row).toEqual({ count: 50 });
});

describe('a pending sign-in', () => {
  const pending = {
    issuer: 'https://issuer.example',
    verifier: 'verifier',
    nonce: 'nonce',
    returnTo: '/jobs',
  };
  const asked = { state: 'state', browser: 'browser' };

  test('is completed once, by the browser that began it, within ten minutes', async () => {
    await storeSignIn(platform.db, { ...pending, ...asked });
    expect(await takeSignIn(platform.db, { ...asked, browser: 'another' })).toBeNull();
    expect(await takeSignIn(platform.db, { ...asked, state: 'another' })).toBeNull();
    expect(await takeSignIn(platform.db, asked)).toEqual(pending);
    expect(await takeSignIn(platform.db, asked)).toBeNull();
    await storeSignIn(platform.db, { ...pending, ...asked });
    await platform.sql`update pending_sign_ins set created_at = now() - interval '10 minutes'`;
    expect(await takeSignIn(platform.db, asked)).toBeNull();
  });

  test('and a session are deleted by the schedule when they have expired', async () => {
    await signIn(platform, 'ada');
    await signIn(platform, 'bob');
    await storeSignIn(platform.db, { ...pending, ...asked });
    await storeSignIn(platform.db, { ...pending, ...asked, state: 'old' });
    await platform.sql`update sessions set expires_at = now() where person_id = 'bob'`;
    await platform.sql`
      update pending_sign_ins set created_at = now() - interval '1 hour' where ctid = (
        select max(ctid) from pending_sign_ins)`;
    expect(await removeExpiredSessions(platform.workerDb, new AbortController().signal)).toBe(2);
    expect(await platform.sql`select person_id from sessions`).toEqual([{ person_id: 'ada' }]);
    expect(await takeSignIn(platform.db, asked)).not.toBeNull();
  });
});
