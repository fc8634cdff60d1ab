import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../tests/support/services.ts';
import { type Actor, type Role, type Scope, anonymous, roleScopes, scopeSchema } from './actor.ts';
import { operations } from './index.ts';
import { tenantBySlug } from './tenancy.ts';

const allScopes = scopeSchema.options;
const members: Record<Role, Actor> = { viewer: user('viewer'), editor: user('editor'), owner: user('owner') };
const nonMember = user('reader');

let platform: TestServices;
let ids: { closed: string; open: string };
beforeAll(async () => {
  platform = await testServices();
  ids = { closed: await createPortfolio('closed'), open: await createPortfolio('open') };
  const study = { portfolio: 'open', slug: 'study' };
  await operations.caseStudy.create.run(platform.as(members.owner), { ...study, title: 'Study' });
  await operations.caseStudy.publish.run(platform.as(members.owner), { ...study, expectedVersion: '*' });
});
afterAll(() => platform.stop());

async function createPortfolio(slug: string): Promise<string> {
  const { id } = await operations.portfolio.create.run(platform.as(members.owner), { slug, name: slug });
  await platform.addMember(id, 'viewer', 'viewer');
  await platform.addMember(id, 'editor', 'editor');
  return id;
}

/** How an actor is admitted: as a member, as a reader of published content, or the code of the refusal. */
async function admission(
  actor: Actor,
  portfolio: string,
  scope: Scope,
  isPublic = false,
  shows: Scope[] = [],
): Promise<string> {
  const needs = { name: 'test.try', scope, shows, public: isPublic };
  try {
    const { isMember } = await tenantBySlug(platform.as(actor), { portfolio }, needs);
    return isMember ? 'member' : 'reader';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a member', () => {
  test.each(Object.keys(roleScopes) as Role[])('may use exactly the scopes of the role %s', async (role) => {
    for (const scope of allScopes) {
      const expected = roleScopes[role].includes(scope) ? 'member' : 'forbidden';
      expect([scope, await admission(members[role], 'closed', scope)]).toEqual([scope, expected]);
    }
  });

  test('may not use scopes that the credential lacks', async () => {
    const owner = user('owner', ['case-study:read']);
    expect(await admission(owner, 'closed', 'case-study:read')).toBe('member');
    expect(await admission(owner, 'closed', 'case-study:write')).toBe('forbidden');
  });

  test('needs the read scopes of what is shown, by role and by credential', async () => {
    const tries = (actor: Actor) => admission(actor, 'closed', 'portfolio:read', false, ['webhook:read']);
    expect(await tries(members.owner)).toBe('member');
    expect(await tries(members.editor)).toBe('forbidden');
    expect(await tries(user('owner', ['portfolio:read']))).toBe('forbidden');
    const narrow = user('owner', ['portfolio:read']);
    expect(await admission(narrow, 'open', 'portfolio:read', true, ['webhook:read'])).toBe('reader');
  });

  test('whose credential lacks the scope sees published content only', async () => {
    const owner = user('owner', []);
    expect(await admission(owner, 'open', 'case-study:read', true)).toBe('reader');
    expect(await admission(owner, 'closed', 'case-study:read', true)).toBe('forbidden');
  });
});

const keyOf = (portfolioId: string, scopes: readonly Scope[] = allScopes): Actor => ({
  kind: 'portfolio-key',
  id: 'key_1',
  portfolioId,
  scopes,
  expiresAt: null,
});

describe('the key of a portfolio', () => {
  test('acts in its own portfolio, within its scopes', async () => {
    for (const scope of allScopes) expect(await admission(keyOf(ids.closed), 'closed', scope)).toBe('member');
    expect(await admission(keyOf(ids.closed, ['job:read']), 'closed', 'job:write')).toBe('forbidden');
  });

  test('is a non-member everywhere else', async () => {
    expect(await admission(keyOf(ids.open), 'closed', 'case-study:read', true)).toBe('not_found');
    expect(await admission(keyOf(ids.closed), 'open', 'case-study:read', true)).toBe('reader');
    expect(await admission(keyOf(ids.closed), 'open', 'case-study:write')).toBe('forbidden');
  });

  test('lists its own portfolio and the public ones, and cannot create portfolios', async () => {
    const ctx = platform.as(keyOf(ids.closed));
    const { items } = await operations.portfolio.list.run(ctx, {});
    expect(items.map(({ slug }) => slug)).toEqual(['closed', 'open']);
    await expect(
      operations.portfolio.create.run(ctx, { slug: 'another', name: 'Another' }),
    ).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe.each([
  ['a non-member', nonMember],
  ['an anonymous reader', anonymous],
])('%s', (_, actor) => {
  test('cannot distinguish a portfolio without published content from a missing one', async () => {
    for (const isPublic of [true, false]) {
      expect(await admission(actor, 'closed', 'portfolio:read', isPublic)).toBe('not_found');
      expect(await admission(actor, 'nowhere', 'portfolio:read', isPublic)).toBe('not_found');
    }
  });

  test('may read published content only', async () => {
    expect(await admission(actor, 'open', 'case-study:read', true)).toBe('reader');
    expect(await admission(actor, 'open', 'case-study:read')).toBe('forbidden');
    expect(await admission(actor, 'open', 'case-study:write')).toBe('forbidden');
  });

  test('lists the public portfolios', async () => {
    const { items } = await operations.portfolio.list.run(platform.as(actor), {});
    expect(items.map(({ slug }) => slug)).toEqual(['open']);
  });
});
