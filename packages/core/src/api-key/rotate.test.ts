import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { overlap } from '../../../../tests/support/overlap.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, scopeSchema } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { operations } from '../index.ts';
import { authenticateApiKey } from './authenticate.ts';

const { apiKey, ownKey } = operations;
const scopes = scopeSchema.options;
const about = { name: 'CI', scopes, expiresAt: null };
const owner = user('owner');

let platform: TestServices;
let portfolio: string;
beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());
beforeEach(async () => {
  portfolio = `team-${randomUUID()}`;
  await operations.portfolio.create.run(platform.as(owner), { slug: portfolio, name: 'Team' });
});

type Given = Partial<typeof about> | { expiresAt?: string };
const make = (actor = owner, given: Given = {}) =>
  apiKey.create.run(platform.as(actor), { portfolio, ...about, ...given });
const rotate = (id: string, given: object = {}, actor = owner) =>
  apiKey.rotate.run(platform.as(actor), { portfolio, id, ...given });
const read = (id: string) => apiKey.read.run(platform.as(owner), { portfolio, id });
const actorBy = ({ secret }: { secret: string }) => authenticateApiKey(platform.db, secret);
const endOf = async (id: string) => Date.parse((await read(id)).expiresAt!);
const inSeconds = (seconds: number) => Date.now() + seconds * 1000;
const isAbout = (at: number, expected: number) => expect(Math.abs(at - expected)).toBeLessThan(30_000);
/** Lets time pass for a key. */
const pass = (id: string, seconds: number) =>
  platform.sql`update api_keys set expires_at = expires_at - make_interval(secs => ${seconds}) where id = ${id}`;

describe('a rotated key', () => {
  test('is replaced by one with its name and scopes, and goes on for a day by default', async () => {
    const old = await make(owner, { scopes: ['job:read', 'api-key:write', 'api-key:read'] });
    const made = await rotate(old.id);
    expect(made).toMatchObject({
      name: 'CI',
      scopes: ['job:read', 'api-key:write', 'api-key:read'],
      portfolio,
      parent: null,
    });
    expect(made.id).not.toBe(old.id);
    for (const key of [old, made]) expect(await actorBy(key)).toMatchObject({ id: key.id });
    isAbout(await endOf(old.id), inSeconds(24 * 3600));
    await pass(old.id, 24 * 3600);
    await expect(actorBy(old)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await actorBy(made)).toMatchObject({ id: made.id });
  });

  test('ends at once without an overlap, and when it would have ended if that is earlier', async () => {
    const [first, second] = [
      await make(),
      await make(owner, { expiresAt: new Date(inSeconds(60)).toISOString() }),
    ];
    await rotate(first.id, { overlapSeconds: 0 });
    await expect(actorBy(first)).rejects.toMatchObject({ code: 'unauthenticated' });
    await rotate(second.id);
    expect(await endOf(second.id)).toBe(Date.parse(second.expiresAt!));
  });

  test('takes with it the keys that it made', async () => {
    const old = await make();
    const child = await make(await actorBy(old));
    await rotate(old.id, { overlapSeconds: 60 });
    const end = await endOf(child.id);
    expect(end).toBeGreaterThan(inSeconds(30));
    expect(end).toBeLessThan(inSeconds(90));
  });

  test('is live: one that has ended is not replaced, and those of others are not found', async () => {
    const [old, own] = [await make(), await ownKey.create.run(platform.as(owner), about)];
    await apiKey.revoke.run(platform.as(owner), { portfolio, id: old.id });
    await expect(rotate(old.id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(rotate(own.id)).rejects.toMatchObject({ code: 'not_found' });
    const by = (actor: Actor) => ownKey.rotate.run(platform.as(actor), { id: own.id });
    await expect(by(user('ada'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(by(await actorBy(await make()))).rejects.toMatchObject({ code: 'not_found' });
    expect(await by(owner)).toMatchObject({ name: 'CI', portfolio: null });
  });

  test.each([-1, 7 * 24 * 3600 + 1, 0.5])('has no overlap of %d seconds', async (overlapSeconds) => {
    const { id } = await make();
    await expect(rotate(id, { overlapSeconds })).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/overlapSeconds' }],
    });
  });
});

describe('whoever rotates a key', () => {
  test('has all its scopes', async () => {
    const { id } = await make();
    const narrow = user('owner', ['api-key:write', 'api-key:read', 'job:read']);
    await expect(rotate(id, {}, narrow)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await read(id)).expiresAt).toBeNull();
  });

  test('makes no key that lasts longer than its own credential', async () => {
    const { id } = await make();
    const expiresAt = new Date(inSeconds(60)).toISOString();
    const brief = await actorBy(await make(owner, { expiresAt }));
    const refused = rotate(id, { expiresAt: null }, brief);
    await expect(refused).rejects.toMatchObject({ fields: [{ pointer: '/expiresAt' }] });
    expect((await read(id)).expiresAt).toBeNull();
    expect(await rotate(id, {}, brief)).toMatchObject({ expiresAt });
  });

  test('may be the key itself: the new one ends no later, depends on the same key, and not on the old one', async () => {
    const parent = await make();
    const expiresAt = new Date(inSeconds(3600)).toISOString();
    const old = await make(await actorBy(parent), { expiresAt });
    const later = rotate(old.id, { expiresAt: null }, await actorBy(old));
    await expect(later).rejects.toMatchObject({ fields: [{ pointer: '/expiresAt' }] });
    const made = await rotate(old.id, { overlapSeconds: 0 }, await actorBy(old));
    expect(made).toMatchObject({ parent: parent.id, madeBy: 'owner', madeWith: old.id, expiresAt });
    await expect(actorBy(old)).rejects.toMatchObject({ code: 'unauthenticated' });
    await actorBy(made);
    await apiKey.revoke.run(platform.as(owner), { portfolio, id: parent.id });
    await expect(actorBy(made)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test.each([0, 60])(
    'leaves nothing by that where the old key is revoked (overlap: %s s)',
    async (overlapSeconds) => {
      const old = await make();
      const made = await rotate(old.id, { overlapSeconds }, await actorBy(old));
      const next = await rotate(made.id, { overlapSeconds }, await actorBy(made));
      const child = await make(await actorBy(next), { expiresAt: next.expiresAt! });
      await apiKey.revoke.run(platform.as(owner), { portfolio, id: old.id });
      for (const key of [old, made, next, child])
        await expect(actorBy(key)).rejects.toMatchObject({ code: 'unauthenticated' });
    },
  );

  test('is not a key that the rotated one has made', async () => {
    const old = await make();
    const child = await actorBy(await make(await actorBy(old)));
    await expect(rotate(old.id, {}, child)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await read(old.id)).expiresAt).toBeNull();
  });
});

test('a key and its new one end together if the key is revoked while it rotates itself', async () => {
  const parent = await make();
  const old = await make(await actorBy(parent));
  const actor = await actorBy(old);
  const [made] = await overlap(
    platform,
    (db) => apiKey.rotate.run({ ...platform.as(actor), db }, { portfolio, id: old.id }),
    (db) => apiKey.revoke.run({ ...platform.as(owner), db }, { portfolio, id: parent.id }),
  );
  for (const key of [old, made])
    await expect(actorBy(key)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a key can be revoked while another that it made rotates a third, without a deadlock', async () => {
  const maker = await ownKey.create.run(platform.as(owner), about);
  const old = await make(await actorBy(maker));
  const rotates = await actorBy(await make(await actorBy(maker)));
  const [locked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holds = platform.db.transaction(async (tx) => {
    await tx.execute(sql`select from api_keys where id = ${old.id} for update`);
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const revokes = ownKey.revoke.run(platform.as(owner), { id: maker.id });
  const isWaiting = (count: number) =>
    eventually(async () => {
      const waiting = await platform.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      expect(waiting).toHaveLength(count);
    });
  await isWaiting(1);
  const rotated = rotate(old.id, {}, rotates);
  rotated.catch(() => {});
  await isWaiting(2);
  release.resolve();
  await holds;
  expect(await revokes).toBeNull();
  await expect(rotated).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('one key can be read, by those who may list it', async () => {
  const [ofPortfolio, own] = [await make(), await ownKey.create.run(platform.as(owner), about)];
  const { secret: _secret, ...expected } = ofPortfolio;
  expect(await read(ofPortfolio.id)).toEqual(expected);
  expect(await ownKey.read.run(platform.as(owner), { id: own.id })).toMatchObject({ id: own.id });
  for (const [actor, id] of [
    [owner, ofPortfolio.id],
    [user('ada'), own.id],
    [await actorBy(ofPortfolio), own.id],
  ] as const) {
    await expect(ownKey.read.run(platform.as(actor), { id })).rejects.toMatchObject({ code: 'not_found' });
  }
  await expect(read(own.id)).rejects.toMatchObject({ code: 'not_found' });
});

const signedIn = (subject: string): Actor => ({
  ...(user(subject) as Actor & { kind: 'user' }),
  credential: { kind: 'token', id: null, tokenIssuedAt: new Date() },
});
const insertKeys = (count: number, owns: { subject: string } | { portfolioId: string }) =>
  platform.sql`
    insert into api_keys (id, name, secret_hash, subject, portfolio_id, scopes)
    select 'key_0' || left(md5(gen_random_uuid()::text), 25), 'Key', gen_random_uuid(), ${'subject' in owns ? owns.subject : null},
      ${'portfolioId' in owns ? owns.portfolioId : null}, array['job:read'] from generate_series(1, ${count})`;

describe('there are at most 100', () => {
  test('keys of a portfolio, also where several are made at the same moment', async () => {
    const [found] = await platform.sql`select id from portfolios where slug = ${portfolio}`;
    await insertKeys(98, { portfolioId: found!.id as string });
    const ctx = platform.as(signedIn('owner'));
    const input = { portfolio, name: 'Key', scopes };
    const attempts = await Promise.allSettled(Array.from({ length: 4 }, () => apiKey.create.run(ctx, input)));
    const refusals = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(refusals.map(({ reason }) => reason as unknown)).toMatchObject([
      { code: 'conflict' },
      { code: 'conflict' },
    ]);
    const { items } = await apiKey.list.run(ctx, { portfolio });
    const { id } = items[0]!;
    await expect(apiKey.rotate.run(ctx, { portfolio, id })).rejects.toMatchObject({ code: 'conflict' });
    await apiKey.rotate.run(ctx, { portfolio, id, overlapSeconds: 0 });
    await apiKey.revoke.run(ctx, { portfolio, id: items[1]!.id });
    expect(await apiKey.create.run(ctx, input)).toMatchObject({ portfolio });
  });

  test('personal keys of a subject', async () => {
    const subject = randomUUID();
    await insertKeys(99, { subject });
    const createOwn = () => ownKey.create.run(platform.as(signedIn(subject)), { name: 'Key', scopes });
    const attempts = await Promise.allSettled([createOwn(), createOwn()]);
    expect(attempts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(createOwn()).rejects.toMatchObject({ code: 'conflict' });
  });

  test('portfolios that a subject has created', async () => {
    const subject = randomUUID();
    await platform.sql`
      insert into portfolios (id, slug, name, tagline, description, created_by)
      select gen_random_uuid(), gen_random_uuid(), 'Team', '', '', ${subject} from generate_series(1, 99)`;
    const create = () => {
      const slug = randomUUID();
      const ctx: Ctx = platform.as(signedIn(subject));
      return operations.portfolio.create.run(ctx, { slug, name: 'Team' });
    };
    const attempts = await Promise.allSettled([create(), create()]);
    expect(attempts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(create()).rejects.toMatchObject({ code: 'conflict' });
  });
});
