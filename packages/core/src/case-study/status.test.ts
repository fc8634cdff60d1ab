import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { user } from '../../../../tests/support/services.ts';
import { type Actor, anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { purgeDueCaseStudies } from './purge-due.ts';
import { type StudyFixture, addArtifact, addEvidence, addMetric, owner, studyFixture } from './testing.ts';

const { caseStudy } = operations;

let fixture: StudyFixture;
beforeAll(async () => {
  fixture = await studyFixture();
});
beforeEach(() => fixture.platform.sql`delete from webhook_events`);
afterAll(() => fixture.stop());

type Verb = 'publish' | 'unpublish' | 'archive' | 'delete';
const run = (verb: Verb, slug: string, expectedVersion: number | '*' = '*', actor: Actor = owner) =>
  caseStudy[verb].run(fixture.as(actor), { ...fixture.ref(slug), expectedVersion });
const events = () => fixture.platform.sql`select type, data from webhook_events order by id`;

test('a published study can be read by everyone, and is listed without its text', async () => {
  const { portfolio } = fixture;
  await fixture.create('public', { body: 'For all.', claims: [{ key: 'a', statement: 'It is.' }] });
  await expect(fixture.read('public', anonymous)).rejects.toMatchObject({ code: 'not_found' });
  const published = await fixture.publish('public');
  expect(published).toMatchObject({ status: 'published', publishedAt: published.updatedAt });
  expect(await fixture.read('public', anonymous)).toEqual(published);
  const { items } = await caseStudy.list.run(fixture.as(anonymous), { portfolio });
  const { body: _, claims: __, artifacts: ___, ...item } = published;
  expect(items).toEqual([{ ...item, claimCount: 1 }]);
});

test.each<[Verb, string]>([
  ['unpublish', 'draft'],
  ['archive', 'archived'],
])('%s hides a study from anonymous readers, not from members', async (verb, status) => {
  const slug = `hidden-${verb}`;
  await fixture.create(slug);
  await fixture.publish(slug);
  const hidden = await run(verb, slug);
  expect(hidden).toMatchObject({ status });
  await expect(fixture.read(slug, anonymous)).rejects.toMatchObject({ code: 'not_found' });
  expect(await fixture.read(slug)).toEqual(hidden);
});

test('a draft has no publication date; an archived study keeps its date', async () => {
  await fixture.create('dated');
  const { publishedAt } = await fixture.publish('dated');
  expect(await run('archive', 'dated')).toMatchObject({ publishedAt });
  expect(await run('unpublish', 'dated')).toMatchObject({ publishedAt: null });
});

test('an archived study must become a draft before it is published again', async () => {
  await fixture.create('archived');
  await run('archive', 'archived');
  const before = await fixture.read('archived');
  await expect(fixture.publish('archived')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('unpublish'),
  });
  expect(await fixture.read('archived')).toEqual(before);
  await run('unpublish', 'archived');
  expect(await fixture.publish('archived')).toMatchObject({ status: 'published' });
});

test.each<[Verb]>([['publish'], ['unpublish'], ['archive']])(
  '%s a second time changes nothing and sends no event',
  async (verb) => {
    const slug = `twice-${verb}`;
    await fixture.create(slug);
    const first = await run(verb, slug);
    const before = await events();
    expect(await run(verb, slug, first!.version)).toEqual(first);
    expect(await events()).toEqual(before);
  },
);

test('webhooks are notified of each publication and of its end', async () => {
  const { id } = await fixture.create('announced', { title: 'Announced' });
  const about = {
    id,
    portfolioId: fixture.portfolioId,
    portfolio: 'team',
    slug: 'announced',
    title: 'Announced',
  };
  const event = (kind: string, version: number) => ({
    type: `case-study.${kind}`,
    data: { ...about, version },
  });
  const versions = [];
  for (const verb of ['publish', 'unpublish', 'publish', 'archive', 'unpublish', 'publish'] as const) {
    versions.push((await run(verb, 'announced'))!.version);
  }
  await run('delete', 'announced');
  expect(await events()).toEqual([
    event('published', versions[0]!),
    event('unpublished', versions[1]!),
    event('published', versions[2]!),
    event('unpublished', versions[3]!),
    event('published', versions[5]!),
    event('unpublished', versions[5]!),
  ]);
});

test('a change based on an outdated version is refused, and sends no event', async () => {
  const { version } = await fixture.create('stale');
  await fixture.update('stale', { summary: 'New' });
  for (const verb of ['publish', 'unpublish', 'archive', 'delete'] as const) {
    await expect(run(verb, 'stale', version)).rejects.toMatchObject({ code: 'precondition_failed' });
    await expect(run(verb, 'nothing')).rejects.toMatchObject({ code: 'not_found' });
  }
  expect(await events()).toEqual([]);
});

test('a viewer cannot change the status', async () => {
  await fixture.platform.addMember(fixture.portfolioId, 'viewer', 'viewer');
  const before = await fixture.create('guarded');
  for (const verb of ['publish', 'unpublish', 'archive', 'delete'] as const) {
    await expect(run(verb, 'guarded', '*', user('viewer'))).rejects.toMatchObject({ code: 'forbidden' });
  }
  expect(await fixture.read('guarded')).toEqual(before);
});

test('of many concurrent publications of one version, one succeeds', async () => {
  const { version } = await fixture.create('contested');
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () => run('publish', 'contested', version)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await events()).toHaveLength(1);
});

describe('deleting a study', () => {
  test('for good deletes its dependent rows and its jobs, but not what it cited', async () => {
    const { platform, portfolioId } = fixture;
    await addEvidence(platform, portfolioId, 'trace', 1);
    await addMetric(platform, portfolioId, 'latency');
    await addArtifact(platform, portfolioId, 'pipeline');
    const metric = { key: 'latency', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
    const claims = [{ key: 'a', statement: 'It is.', metric, evidence: [{ slug: 'trace' }] }];
    const body = `/api/v1/portfolios/team/images/${'a'.repeat(64)}`;
    const { id } = await fixture.create('whole', { body, claims, artifacts: ['pipeline'] });
    const job = await caseStudy.export.run(fixture.as(owner), fixture.ref('whole'));
    const rowsOf = (table: string) =>
      platform.sql`select from ${platform.sql(table)} where case_study_id = ${id}`;
    const tables = [
      'claims',
      'claim_evidence',
      'case_study_artifacts',
      'case_study_images',
      'case_study_revisions',
    ];
    for (const table of tables) expect(await rowsOf(table)).toHaveLength(1);

    expect(await run('delete', 'whole')).toBeNull();
    await expect(fixture.read('whole')).rejects.toMatchObject({ code: 'not_found' });
    for (const table of tables) expect(await rowsOf(table)).toHaveLength(1);
    await caseStudy.purge.run(fixture.as(owner), { portfolio: 'team', id });
    await purgeDueCaseStudies(platform.workerDb, new AbortController().signal);
    for (const table of tables) expect(await rowsOf(table)).toHaveLength(0);
    expect(await platform.sql`select from jobs where id = ${job.id}`).toHaveLength(0);
    expect(await platform.sql`select from evidence where slug = 'trace'`).toHaveLength(1);
  });

  test('frees its slug, and versions continue to grow', async () => {
    const { version } = await fixture.create('again');
    await run('delete', 'again', version);
    await expect(run('delete', 'again')).rejects.toMatchObject({ code: 'not_found' });
    const second = await fixture.create('again');
    expect(second.version).toBeGreaterThan(version);
    await expect(run('delete', 'again', version)).rejects.toMatchObject({ code: 'precondition_failed' });
  });
});

test.each<[Verb]>([['unpublish'], ['archive'], ['delete']])(
  '%s of its last published study hides a portfolio from anonymous readers',
  async (verb) => {
    const portfolio = `only-${verb}`;
    const ctx = fixture.as(owner);
    const change = { portfolio, slug: 'only', expectedVersion: '*' as const };
    await operations.portfolio.create.run(ctx, { slug: portfolio, name: 'Only' });
    await caseStudy.create.run(ctx, { portfolio, slug: 'only', title: 'Only' });
    await caseStudy.publish.run(ctx, change);
    const look = () => operations.portfolio.read.run(fixture.as(anonymous), { portfolio });
    await expect(look()).resolves.toMatchObject({ slug: portfolio });
    await caseStudy[verb].run(ctx, change);
    await expect(look()).rejects.toMatchObject({ code: 'not_found' });
  },
);
