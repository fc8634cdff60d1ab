import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, type Scope, scopeSchema } from '../actor.ts';
import { operations } from '../index.ts';
import { authenticateApiKey } from './authenticate.ts';

const { apiKey, ownKey } = operations;
const owner = user('owner');
const portfolio = 'team';
const about = { name: 'CI', scopes: ['job:read', 'job:write'] as Scope[], expiresAt: null };
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  for (const slug of [portfolio, 'other']) {
    await operations.portfolio.create.run(platform.as(owner), { slug, name: slug });
  }
});
afterAll(() => platform.stop());

const create = (rest: object = {}, actor: Actor = owner) =>
  apiKey.create.run(platform.as(actor), { portfolio, ...about, ...rest });
const createOwn = (rest: object = {}, actor: Actor = owner) =>
  ownKey.create.run(platform.as(actor), { ...about, ...rest });
const address = '2001:db8::1';
const actorBy = (secret: string) => authenticateApiKey(platform.db, secret, address);
const revoke = (id: string, actor: Actor = owner, of = portfolio) =>
  apiKey.revoke.run(platform.as(actor), { portfolio: of, id });
const revokeOwn = (id: string, actor: Actor = owner) => ownKey.revoke.run(platform.as(actor), { id });

const lastUsed = async (id: string) => {
  const [row] = await platform.sql`select last_used_at::text as at from api_keys where id = ${id}`;
  return row!.at as string | null;
};
const untilUsed = (id: string) => eventually(async () => expect(await lastUsed(id)).not.toBeNull());

describe('a secret', () => {
  test('is shown once, authenticates as its portfolio, and is in no list', async () => {
    const expiresAt = inAnHour();
    const { secret, ...created } = await create({ expiresAt });
    expect(created).toMatchObject({ ...about, portfolio, expiresAt, lastUsedAt: null, revokedAt: null });
    expect(secret.startsWith(created.prefix)).toBe(true);
    expect(created.prefix).toHaveLength(8);
    expect(await actorBy(secret)).toMatchObject({
      kind: 'portfolio-key',
      id: created.id,
      scopes: about.scopes,
      expiresAt: new Date(expiresAt),
    });
    const { items } = await apiKey.list.run(platform.as(owner), { portfolio });
    expect(items.find(({ id }) => id === created.id)).toMatchObject({
      ...created,
      lastUsedAt: expect.anything(),
      lastUsedAddress: expect.anything(),
    });
    expect(JSON.stringify(items)).not.toContain(secret.slice(created.prefix.length));
  });

  test('of a user authenticates as that user, and is in no list of others', async () => {
    const { secret, ...created } = await createOwn();
    expect(created).toMatchObject({ portfolio: null });
    expect(await actorBy(secret)).toMatchObject({ kind: 'user', id: 'owner', scopes: about.scopes });
    const idsOf = async (actor: Actor) =>
      (await ownKey.list.run(platform.as(actor), {})).items.map(({ id }) => id);
    expect(await idsOf(owner)).toContain(created.id);
    expect(await idsOf(user('ada'))).toEqual([]);
    const { items } = await apiKey.list.run(platform.as(owner), { portfolio });
    expect(items.map(({ id }) => id)).not.toContain(created.id);
  });

  test('is not returned to a repeated request, which creates no second key', async () => {
    const ctx = { ...platform.as(owner), idempotencyKey: 'once' };
    const input = { portfolio, ...about, name: 'Once' };
    await apiKey.create.run(ctx, input);
    await expect(apiKey.create.run(ctx, input)).rejects.toMatchObject({ code: 'conflict' });
    const { items } = await apiKey.list.run(platform.as(owner), { portfolio, limit: 100 });
    expect(items.filter(({ name }) => name === 'Once')).toHaveLength(1);
    const stored = await platform.sql`select response from idempotency_keys where key = 'once'`;
    expect(stored).toEqual([{ response: null }]);
  });
});

describe('a credential', () => {
  const narrow = user('owner', ['api-key:write', 'api-key:read', 'job:read']);

  test('creates no key with scopes that it lacks', async () => {
    for (const make of [create, createOwn]) {
      await expect(make({ scopes: scopeSchema.options }, narrow)).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('audit:read'),
      });
      expect(await make({ scopes: ['job:read'] }, narrow)).toMatchObject({ scopes: ['job:read'] });
    }
  });

  test('that is a portfolio key creates no key with more scopes, and none outside its portfolio', async () => {
    const { secret } = await create({ scopes: ['api-key:write', 'api-key:read', 'job:read'] });
    const key = await actorBy(secret);
    expect(await create({ scopes: ['job:read', 'job:read'] }, key)).toMatchObject({ scopes: ['job:read'] });
    await expect(create({ scopes: ['job:write'] }, key)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(create({ portfolio: 'other', scopes: ['job:read'] }, key)).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(createOwn({ scopes: ['job:read'] }, key)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test.each(['viewer', 'editor'] as const)(
    'of a %s cannot create, list or revoke keys of the portfolio',
    async (role) => {
      const { id } = await create();
      const [team] = await platform.sql`select id from portfolios where slug = ${portfolio}`;
      await platform.addMember(team!.id as string, role, role);
      await expect(create({}, user(role))).rejects.toMatchObject({ code: 'forbidden' });
      await expect(revoke(id, user(role))).rejects.toMatchObject({ code: 'forbidden' });
      const listed = apiKey.list.run(platform.as(user(role)), { portfolio });
      await expect(listed).rejects.toMatchObject({ code: 'forbidden' });
    },
  );

  test('of a user is limited by the role, whatever its scopes', async () => {
    const { secret } = await createOwn({ scopes: scopeSchema.options }, user('outsider'));
    await expect(create({}, await actorBy(secret))).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a revoked key', () => {
  test('is refused immediately, and can be revoked again', async () => {
    const [first, second] = [await create(), await createOwn()];
    await actorBy(first.secret);
    expect(await revoke(first.id)).toBeNull();
    expect(await revokeOwn(second.id)).toBeNull();
    for (const { secret } of [first, second]) {
      await expect(actorBy(secret)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    const when = async () =>
      (await apiKey.list.run(platform.as(owner), { portfolio, limit: 100 })).items.find(
        ({ id }) => id === first.id,
      )!.revokedAt;
    const revokedAt = await when();
    expect(revokedAt).not.toBeNull();
    expect(await revoke(first.id)).toBeNull();
    expect(await when()).toBe(revokedAt);
  });

  test('was a key of the caller: keys of others are not found', async () => {
    const [ofPortfolio, ofUser] = [await create(), await createOwn()];
    const refused = { code: 'not_found' };
    await expect(revoke(ofPortfolio.id, owner, 'other')).rejects.toMatchObject(refused);
    await expect(revoke(ofUser.id)).rejects.toMatchObject(refused);
    await expect(revokeOwn(ofPortfolio.id)).rejects.toMatchObject(refused);
    await expect(revokeOwn(ofUser.id, user('ada'))).rejects.toMatchObject(refused);
    await actorBy(ofPortfolio.secret);
    await actorBy(ofUser.secret);
  });
});

test.each([
  [{ scopes: [] }, '/scopes'],
  [{ scopes: ['job:delete'] }, '/scopes/0'],
  [{ expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
  [{ expiresAt: 'tomorrow' }, '/expiresAt'],
  [{ name: ' ' }, '/name'],
])('a key with %j is refused', async (given, pointer) => {
  await expect(create(given)).rejects.toMatchObject({ code: 'invalid_input', fields: [{ pointer }] });
});

describe('the last use of a key', () => {
  test('is noted with its address, and not where only its validity is checked', async () => {
    const { id, secret } = await create();
    await authenticateApiKey(platform.db, secret);
    await actorBy(secret);
    await untilUsed(id);
    const { items } = await apiKey.list.run(platform.as(owner), { portfolio, limit: 100 });
    expect(items.find((key) => key.id === id)).toMatchObject({ lastUsedAddress: address });
    const checked = await create();
    await authenticateApiKey(platform.db, checked.secret);
    await actorBy(secret);
    expect(await lastUsed(checked.id)).toBeNull();
  });

  test('is recorded at most once a minute, however often it is used', async () => {
    const { id, secret } = await create();
    await Promise.all(Array.from({ length: 10 }, () => actorBy(secret)));
    await untilUsed(id);
    const first = await lastUsed(id);
    await Promise.all(Array.from({ length: 10 }, () => actorBy(secret)));
    expect(await lastUsed(id)).toBe(first);
    await platform.sql`update api_keys set last_used_at = now() - interval '61 seconds' where id = ${id}`;
    const early = await lastUsed(id);
    await actorBy(secret);
    await eventually(async () => expect(await lastUsed(id)).not.toBe(early));
  });

  test('is not recorded for a refused key', async () => {
    const { id, secret } = await create();
    await revoke(id);
    await expect(actorBy(secret)).rejects.toMatchObject({ code: 'unauthenticated' });
    const other = await create();
    await actorBy(other.secret);
    await untilUsed(other.id);
    expect(await lastUsed(id)).toBeNull();
  });

  test('neither delays nor fails a request', async () => {
    const { id, secret } = await create();
    await platform.sql.begin(async (sql) => {
      await sql`select 1 from api_keys where id = ${id} for update`;
      // The row is locked: a request that waited for the record would wait for this transaction.
      expect(await actorBy(secret)).toMatchObject({ id: id });
    });
    await untilUsed(id);
  });
});
