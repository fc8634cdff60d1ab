import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, type Credential, operatorScopes, roleScopes, scopeSchema } from '../actor.ts';
import { operations } from '../index.ts';

const { me } = operations;

let platform: TestServices;
let portfolioId: string;
beforeAll(async () => {
  platform = await testServices();
  const create = (slug: string, name: string) =>
    operations.portfolio.create.run(platform.as(user('owner')), { slug, name });
  portfolioId = (await create('team', 'Team')).id;
  await create('another', 'Another');
  await platform.addMember(portfolioId, 'viewer', 'viewer');
});
afterAll(() => platform.stop());

const read = (actor: Actor, services: object = {}) => me.read.run({ ...platform.as(actor), ...services }, {});
const signedIn = (credential: Partial<Credential>, expiresAt: Date | null = null): Actor => ({
  ...(user('owner') as Actor & { kind: 'user' }),
  expiresAt,
  credential: { kind: 'token', id: 'jti', tokenIssuedAt: new Date(), ...credential },
});

test('a person reads subject, issuer and name, and the portfolios by slug with what may be done in each', async () => {
  await platform.ownerSql`update people set issuer = 'https://issuer.example', name = 'Olive' where id = 'owner'`;
  const portfolio = { role: 'owner', scopes: scopeSchema.options };
  expect(await read(user('owner'))).toMatchObject({
    kind: 'user',
    id: 'owner',
    subject: 'owner',
    issuer: 'https://issuer.example',
    name: 'Olive',
    scopes: scopeSchema.options,
    isOperator: false,
    portfolios: [
      { slug: 'another', name: 'Another', ...portfolio },
      { slug: 'team', name: 'Team', ...portfolio },
    ],
    more: false,
    limits: [],
  });
  const { portfolios } = await read(user('viewer', ['job:read', 'job:write']));
  expect(portfolios).toEqual([{ slug: 'team', name: 'Team', role: 'viewer', scopes: ['job:read'] }]);
  const all = await read(user('viewer'));
  expect(new Set(all.portfolios[0]!.scopes)).toEqual(new Set(roleScopes.viewer));
});

test('a credential without any scope is enough, and none is not', async () => {
  expect(await read(user('owner', []))).toMatchObject({ id: 'owner', scopes: [] });
  await expect(read({ kind: 'anonymous' })).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a person learns when the credential ends, and until when the sign-in counts as recent', async () => {
  const signedInAt = new Date();
  const expiresAt = new Date(Date.now() + 3_600_000);
  const { credential } = await read(signedIn({ kind: 'session', id: 'ses_1', signedInAt }, expiresAt));
  expect(credential).toEqual({
    kind: 'session',
    id: 'ses_1',
    expiresAt: expiresAt.toISOString(),
    signedInAt: signedInAt.toISOString(),
    recentUntil: new Date(signedInAt.valueOf() + 15 * 60_000).toISOString(),
  });
  const key = await read(signedIn({ kind: 'key', id: 'key_1' }));
  expect(key.credential).toMatchObject({ expiresAt: null, signedInAt: null, recentUntil: null });
});

test('the key of a portfolio is no person, and belongs to that portfolio without a role', async () => {
  const scopes = ['job:read'] as const;
  const key: Actor = { kind: 'portfolio-key', id: 'key_1', portfolioId, scopes, expiresAt: null };
  expect(await read(key)).toMatchObject({
    kind: 'portfolio-key',
    id: 'key_1',
    subject: null,
    issuer: null,
    name: null,
    portfolios: [{ slug: 'team', name: 'Team', role: null, scopes }],
  });
});

test('an operator is one, by key or as a person, and in no portfolio by that', async () => {
  const key: Actor = { kind: 'operator-key', id: 'key_2', scopes: ['operator:read'], expiresAt: null };
  expect(await read(key)).toMatchObject({ kind: 'operator-key', isOperator: true, portfolios: [] });
  const person = await read(user('viewer', ['job:read', ...operatorScopes]));
  expect(person).toMatchObject({ isOperator: true, scopes: ['job:read', ...operatorScopes] });
  expect(person.portfolios[0]!.scopes).toEqual(['job:read']);
});

test('of more than 200 portfolios, the first are listed', async () => {
  await platform.ownerSql`
    insert into portfolios (id, slug, name, tagline, description)
    select 'pf_' || n, 'many-' || lpad(n::text, 3, '0'), 'Many', '', '' from generate_series(1, 201) n`;
  await platform.ownerSql`
    insert into members (portfolio_id, person_id, role) select 'pf_' || n, 'many', 'viewer' from generate_series(1, 201) n`;
  const { portfolios, more } = await read(user('many'));
  expect(more).toBe(true);
  expect(portfolios).toHaveLength(200);
  expect(portfolios.at(-1)).toMatchObject({ slug: 'many-200' });
  expect((await read(user('viewer'))).more).toBe(false);
});

test('membership that a revocation of tokens has suspended is none', async () => {
  await platform.addMember(portfolioId, 'revoked', 'editor');
  await operations.member.revokeTokens.run(platform.as(user('owner')), {
    portfolio: 'team',
    member: 'revoked',
  });
  const old: Actor = {
    ...(user('revoked') as Actor & { kind: 'user' }),
    credential: { kind: 'token', id: null, tokenIssuedAt: new Date(Date.now() - 60_000) },
  };
  expect((await read(old)).portfolios).toEqual([]);
  expect((await read(user('revoked'))).portfolios).toMatchObject([{ slug: 'team' }]);
});

test('what is left of the limits is that of the caller', async () => {
  const limit = { policy: 'credential', limit: 10, remaining: 9, resetSeconds: 60 };
  const limitsOf = (actor: Actor) => (actor.kind === 'user' ? [limit] : []);
  expect((await read(user('owner'), { limitsOf })).limits).toEqual([limit]);
});
