import { afterAll, beforeAll, expect, test } from 'vitest';
import { invite } from '../../../../tests/support/invite.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, scopeSchema } from '../actor.ts';
import { operations } from '../index.ts';

const { me } = operations;
const portfolio = 'team';
const [owner, ada] = [user('owner'), user('ada')];

let platform: TestServices;
let portfolioId: string;
beforeAll(async () => {
  platform = await testServices();
  const created = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  });
  portfolioId = created.id;
  await invite(platform, { portfolio, role: 'editor' }, 'ada');
  for (const [actor, slug] of [
    [owner, 'of-owner'],
    [ada, 'of-ada'],
  ] as const) {
    await operations.caseStudy.create.run(platform.as(actor), { portfolio, slug, title: 'Study' });
    await operations.caseStudy.export.run(platform.as(actor), { portfolio, slug });
    await operations.ownKey.create.run(platform.as(actor), { name: slug, scopes: ['job:read'] });
  }
});
afterAll(() => platform.stop());

test('one gets all that is stored of oneself, and nothing of others', async () => {
  await me.update.run(platform.as(ada), { name: 'Ada' });
  const data = await me.export.run(platform.as(ada), {});
  expect(data).toMatchObject({
    person: { id: 'ada', subject: 'ada', name: 'Ada' },
    memberships: [{ portfolio, role: 'editor' }],
    keys: [{ name: 'of-ada' }],
    invitations: [{ acceptedBy: 'ada', madeBy: 'owner' }],
    jobs: [{ portfolio, kind: 'export.pdf', state: 'queued' }],
    revisions: [{ portfolio, caseStudy: 'of-ada', number: 1 }],
    continueBefore: null,
  });
  expect(data.auditEvents.map(({ action }) => action)).toEqual([
    'me.update',
    'ownKey.create',
    'caseStudy.export',
    'caseStudy.create',
    'invitation.accept',
  ]);
  expect(JSON.stringify(data)).not.toContain('of-owner');
});

test('a long history comes in parts, without a gap', async () => {
  await platform.ownerSql`
    insert into audit_log (id, actor, action, fields, at)
    select 'aud_0' || lpad(n::text, 25, '0'), 'grace', 'caseStudy.update', '{}', '2026-01-01'::timestamptz + n * interval '700 microseconds'
    from generate_series(1, 12000) n`;
  const seen = new Set<string>();
  let before: string | null | undefined;
  let parts = 0;
  do {
    const data = await me.export.run(platform.as(user('grace')), before ? { before } : {});
    for (const { id } of data.auditEvents) seen.add(id);
    before = data.continueBefore;
    parts += 1;
  } while (before !== null);
  expect([parts, seen.size]).toEqual([2, 12_000]);
});

test('a credential needs the read scope of all that is shown, and is that of a person', async () => {
  const narrow = user(
    'ada',
    scopeSchema.options.filter((scope) => scope !== 'audit:read'),
  );
  await expect(me.export.run(platform.as(narrow), {})).rejects.toMatchObject({ code: 'forbidden' });
  const key: Actor = {
    kind: 'portfolio-key',
    id: 'ada',
    portfolioId,
    scopes: scopeSchema.options,
    expiresAt: null,
  };
  await expect(me.export.run(platform.as(key), {})).rejects.toMatchObject({ code: 'forbidden' });
});

test('who has left does not learn how what they worked on is called since', async () => {
  await invite(platform, { portfolio, role: 'editor' }, 'grace');
  const grace = platform.as(user('grace'));
  await operations.caseStudy.create.run(grace, { portfolio, slug: 'of-grace', title: 'Study' });
  await operations.caseStudy.export.run(grace, { portfolio, slug: 'of-grace' });
  await operations.member.remove.run(grace, { portfolio, member: 'grace', expectedVersion: '*' });
  const renamed = { portfolio, slug: 'of-grace', newSlug: 'since-renamed', expectedVersion: '*' as const };
  const { id } = await operations.caseStudy.update.run(platform.as(owner), renamed);
  const data = await me.export.run(grace, {});
  expect(data).toMatchObject({
    memberships: [],
    invitations: [{ portfolio: portfolioId }],
    jobs: [{ portfolio: portfolioId }],
    revisions: [{ portfolio: portfolioId, caseStudy: id }],
  });
  expect(JSON.stringify(data)).not.toContain('since-renamed');
});
