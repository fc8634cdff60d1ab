import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, operatorScopes, scopeSchema } from '../actor.ts';
import { authenticateApiKey } from '../api-key/authenticate.ts';
import { operations } from '../index.ts';
import { createOperatorKey, listOperatorKeys, revokeOperatorKey } from './keys.ts';

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(user('owner')), { slug: 'team', name: 'Team' });
});
afterAll(() => platform.stop());

const expiresAt = new Date(Date.now() + 3_600_000);
const create = () => createOperatorKey(platform.db, { name: 'alex', scopes: [...operatorScopes], expiresAt });
const actorBy = (secret: string) => authenticateApiKey(platform.db, secret, '2001:db8::1');
const audited = (id: string) => platform.sql`
  select actor, action, target, portfolio_id as portfolio from audit_log where target = ${id} order by id`;

test('a key of an operator belongs to nobody, and has no other scope', async () => {
  const { id, secret } = await create();
  expect(await actorBy(secret)).toEqual({
    kind: 'operator-key',
    id,
    scopes: operatorScopes,
    expiresAt,
    credential: { kind: 'key', id, tokenIssuedAt: null },
  });
});

test('its making and its end are in the audit log, and it ends at once', async () => {
  const { id, secret } = await create();
  expect((await listOperatorKeys(platform.db)).find((key) => key.id === id)).toMatchObject({
    name: 'alex',
    scopes: operatorScopes,
    expiresAt: expiresAt.toISOString(),
  });
  await revokeOperatorKey(platform.db, id);
  await expect(actorBy(secret)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect((await listOperatorKeys(platform.db)).map((key) => key.id)).not.toContain(id);
  const entry = { actor: id, target: id, portfolio: null };
  expect(await audited(id)).toEqual([
    { ...entry, action: 'operatorKey.create' },
    { ...entry, action: 'operatorKey.revoke' },
  ]);
  await expect(revokeOperatorKey(platform.db, id)).rejects.toMatchObject({ code: 'not_found' });
});

test('only keys of operators are listed and revoked', async () => {
  const about = { name: 'CI', scopes: scopeSchema.options, expiresAt: null };
  const made = await operations.ownKey.create.run(platform.as(user('owner')), about);
  expect((await listOperatorKeys(platform.db)).map(({ id }) => id)).not.toContain(made.id);
  await expect(revokeOperatorKey(platform.db, made.id)).rejects.toMatchObject({ code: 'not_found' });
  await actorBy(made.secret);
});

test('no operation makes a key that may do more than in portfolios, whatever its caller may', async () => {
  const everything = [...scopeSchema.options, ...operatorScopes];
  const operator = await actorBy((await create()).secret);
  const callers: Actor[] = [user('owner', everything), operator];
  for (const scope of operatorScopes) {
    for (const actor of callers) {
      const about = { name: 'More', scopes: [scope] as never, expiresAt: null };
      const made = [
        operations.ownKey.create.run(platform.as(actor), about),
        operations.apiKey.create.run(platform.as(actor), { ...about, portfolio: 'team' }),
      ];
      for (const each of await Promise.allSettled(made)) expect(each.status).toBe('rejected');
    }
  }
});

test.each(['person_id', 'portfolio_id'])('the database stores none with a %s', async (column) => {
  const [owner] =
    await platform.sql`select p.id as portfolio_id, m.person_id from portfolios p join members m on true`;
  const insert = platform.sql`
    insert into api_keys (id, name, secret_hash, scopes, ${platform.sql(column)})
    values (${column}, 'More', ${column}, array['job:read', 'operator:read'], ${owner![column] as string})`;
  await expect(insert).rejects.toMatchObject({ constraint_name: 'api_keys_owner' });
});
