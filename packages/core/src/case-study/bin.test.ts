import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { simulateWorker } from '../../../../tests/support/simulate-worker.ts';
import { user } from '../../../../tests/support/services.ts';
import { anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { jobs } from '../job/job.sql.ts';
import { fetchExportSource } from './export-source.ts';
import { purgeDueCaseStudies } from './purge-due.ts';
import { type StudyFixture, addArtifact, addEvidence, addMetric, owner, studyFixture } from './testing.ts';

const { caseStudy, artifact, evidence, metric, job } = operations;
const never = new AbortController().signal;

let fixture: StudyFixture;
beforeAll(async () => {
  fixture = await studyFixture();
  await fixture.platform.addMember(fixture.portfolioId, 'viewer', 'viewer');
  await fixture.platform.addMember(fixture.portfolioId, 'editor', 'editor');
  await operations.portfolio.create.run(fixture.as(user('other')), { slug: 'other', name: 'Other' });
});
afterAll(() => fixture.stop());

const portfolio = 'team';
const bin = (slug: string) =>
  caseStudy.delete.run(fixture.as(owner), { portfolio, slug, expectedVersion: '*' });
const undelete = (id: string, rest: object = {}, actor = owner) =>
  caseStudy.undelete.run(fixture.as(actor), { portfolio, id, ...rest });
const purge = (id: string, actor = owner) => caseStudy.purge.run(fixture.as(actor), { portfolio, id });
const inBin = async () => (await caseStudy.bin.run(fixture.as(owner), { portfolio, limit: 100 })).items;
const purgeDue = () => purgeDueCaseStudies(fixture.platform.workerDb, never);
const notFound = { code: 'not_found' };
const year = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };

describe('a study in the bin', () => {
  test('is found by no reader and in no list, and is listed in the bin with what it was', async () => {
    const { id } = await fixture.create('gone', { title: 'Gone', tags: ['gone'] });
    await fixture.publish('gone');
    await bin('gone');
    for (const actor of [owner, anonymous])
      await expect(fixture.read('gone', actor)).rejects.toMatchObject(notFound);
    await expect(fixture.update('gone', { title: 'New' })).rejects.toMatchObject(notFound);
    await expect(caseStudy.revisions.run(fixture.as(owner), fixture.ref('gone'))).rejects.toMatchObject(
      notFound,
    );
    for (const filter of [{}, { tag: ['gone'] }, { q: 'gone' }, { sort: 'title' as const }]) {
      const { items } = await caseStudy.list.run(fixture.as(owner), { portfolio, limit: 100, ...filter });
      expect(items.map((item) => item.id)).not.toContain(id);
    }
    expect(await fetchExportSource(fixture.platform.db, id)).toBeNull();
    expect(await inBin()).toMatchObject([{ id, slug: 'gone', title: 'Gone', status: 'published' }]);
    await undelete(id);
  });

  test('comes back as it was, and is published again, with its webhook events', async () => {
    const { id } = await fixture.create('back', { body: 'First.' });
    await fixture.update('back', { body: 'Second.' });
    const before = await fixture.publish('back');
    await fixture.platform.sql`delete from webhook_events`;
    await operations.webhook.create.run(fixture.as(owner), {
      portfolio,
      url: 'https://example.com/hook',
      events: ['case-study.published', 'case-study.unpublished'],
    });
    await bin('back');
    const after = await undelete(id);
    expect(after).toEqual({ ...before, version: expect.any(Number), updatedAt: expect.any(String) });
    expect(await fixture.read('back', anonymous)).toEqual(after);
    const events = await fixture.platform.sql`select type from webhook_events order by id`;
    expect(events.map(({ type }) => type as string)).toEqual([
      'case-study.unpublished',
      'case-study.published',
    ]);
  });

  test('leaves its slug to others, and then needs a new one to come back', async () => {
    const { id } = await fixture.create('shared');
    await bin('shared');
    await fixture.create('shared');
    await expect(undelete(id)).rejects.toMatchObject({ code: 'conflict' });
    expect(await undelete(id, { newSlug: 'shared-before' })).toMatchObject({ id, slug: 'shared-before' });
  });

  test('does not come back with a slug that is given to another at the same moment', async () => {
    const { id } = await fixture.create('twice');
    await bin('twice');
    const { id: other } = await fixture.create('another');
    let restored: Promise<unknown> | undefined;
    await fixture.platform.ownerSql.begin(async (tx) => {
      await tx`update case_studies set slug = 'twice' where id = ${other}`;
      restored = undelete(id).catch((error: unknown) => error);
      await eventually(async () => expect(await tx`select from pg_locks where not granted`).not.toEqual([]));
    });
    expect(await restored).toMatchObject({ code: 'conflict' });
  });

  test('protects what it refers to, and a refusal to delete that says where it is', async () => {
    const { platform, portfolioId } = fixture;
    await addEvidence(platform, portfolioId, 'cited', 1);
    await addArtifact(platform, portfolioId, 'shown');
    await addMetric(platform, portfolioId, 'used');
    const { id } = await fixture.create('refers', {
      claims: [
        { key: 'so', statement: 'So.', evidence: [{ slug: 'cited' }], metric: { key: 'used', ...year } },
      ],
      artifacts: ['shown'],
    });
    await bin('refers');
    const refusal = { code: 'conflict', message: expect.stringContaining('"refers" (in the bin)') as string };
    const any = { portfolio, expectedVersion: '*' as const };
    const remove = {
      evidence: () => evidence.delete.run(fixture.as(owner), { ...any, slug: 'cited' }),
      artifact: () => artifact.delete.run(fixture.as(owner), { ...any, slug: 'shown' }),
      metric: () => metric.delete.run(fixture.as(owner), { ...any, key: 'used' }),
    };
    for (const run of Object.values(remove)) await expect(run()).rejects.toMatchObject(refusal);
    await purge(id);
    await purgeDue();
    for (const run of Object.values(remove)) expect(await run()).toBeNull();
  });

  test('is neither undeleted nor purged by others', async () => {
    const { id } = await fixture.create('kept');
    await bin('kept');
    for (const [actor, code] of [
      [user('viewer'), 'forbidden'],
      [user('nobody'), 'forbidden'],
      [user('other'), 'forbidden'],
    ] as const) {
      await expect(undelete(id, {}, actor)).rejects.toMatchObject({ code });
      await expect(purge(id, actor)).rejects.toMatchObject({ code });
    }
    await expect(purge(id, user('editor'))).rejects.toMatchObject({ code: 'forbidden' });
    // Their own portfolio does not lead to it either.
    const wrong = { portfolio: 'other', id };
    await expect(caseStudy.undelete.run(fixture.as(user('other')), wrong)).rejects.toMatchObject(notFound);
    await expect(caseStudy.purge.run(fixture.as(user('other')), wrong)).rejects.toMatchObject(notFound);
    expect(await purgeDue()).toBe(0);
    expect((await inBin()).map((item) => item.id)).toContain(id);
  });
});

/** An export with a file, of a study or of the portfolio. */
async function exported(what: Promise<{ id: string }>) {
  const { id } = await what;
  await (await simulateWorker(fixture.platform, id)).succeed();
  return id;
}
const jobExists = async (id: string) =>
  (await fixture.platform.db.select({ id: jobs.id }).from(jobs).where(eq(jobs.id, id))).length > 0;

describe('a study that is deleted for good', () => {
  test('takes its revisions, its exports and those of the portfolio that may contain it with it', async () => {
    const { id } = await fixture.create('ended');
    await fixture.publish('ended');
    await fixture.create('other-study');
    const ctx = fixture.as(owner);
    const own = await exported(caseStudy.export.run(ctx, fixture.ref('ended')));
    const whole = await exported(operations.portfolio.export.run(ctx, { portfolio }));
    const other = await exported(caseStudy.export.run(ctx, fixture.ref('other-study')));
    const { id: waiting } = await caseStudy.export.run(ctx, fixture.ref('ended'));
    await bin('ended');
    expect((await job.read.run(ctx, { id: waiting })).state).toBe('cancelled');
    expect(await purgeDue()).toBe(0);
    await purge(id);
    expect((await inBin()).map((item) => item.id)).not.toContain(id);
    await expect(undelete(id)).rejects.toMatchObject(notFound);
    expect(await purgeDue()).toBe(1);
    expect(await Promise.all([own, whole, waiting, other].map(jobExists))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(await fixture.platform.sql`select from case_study_revisions where case_study_id = ${id}`).toEqual(
      [],
    );
    const removable = await fixture.platform
      .sql`select at_once from removable_objects where key like 'exports/%'`;
    expect(removable).toMatchObject([{ at_once: true }]);
  });

  test('is in no stored answer to a repeated request any more', async () => {
    const ctx = { ...fixture.as(owner), idempotencyKey: 'repeated' };
    const study = { portfolio, slug: 'answered', title: 'Answered', body: 'not to be found' };
    const { id } = await caseStudy.create.run(ctx, study);
    await bin('answered');
    await purge(id);
    await purgeDue();
    await expect(caseStudy.create.run(ctx, study)).rejects.toMatchObject({ code: 'conflict' });
    expect(
      await fixture.platform
        .sql`select key from idempotency_keys where response::text like '%not to be found%'`,
    ).toEqual([]);
  });

  test('without a bin is so at once', async () => {
    const { id } = await fixture.create('brief');
    const set = (binDays: number) =>
      operations.portfolio.update.run(fixture.as(owner), { portfolio, binDays, expectedVersion: '*' });
    await set(0);
    await bin('brief');
    await set(30);
    await expect(undelete(id)).rejects.toMatchObject(notFound);
    expect(await purgeDue()).toBe(1);
  });
});
