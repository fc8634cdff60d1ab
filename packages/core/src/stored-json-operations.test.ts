import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JobFixture, jobFixture, owner } from '../../../tests/support/jobs.ts';
import { addArtifact, addEvidence, addMetric } from './case-study/testing.ts';
import { beginDownload, findDownload } from './evidence/download.ts';
import { fetchSyncSource } from './evidence/sync-source.ts';
import { operations } from './index.ts';
import { type JobKind, jobFileSchema, jobKindSchema } from './job/kinds.ts';
import forms from './stored-forms.json' with { type: 'json' };

const { caseStudy, job, portfolio, webhook } = operations;

/** Rows as every earlier version wrote them, read by the current operations, which may add fields. */
let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
  const { portfolioId } = fixture;
  await addEvidence(fixture, portfolioId, 'report', 1);
  await addMetric(fixture, portfolioId, 'latency');
  await addArtifact(fixture, portfolioId, 'module');
});
afterAll(() => fixture.stop());

const ctx = () => fixture.as(owner);

describe('a revision', () => {
  const now = {
    title: 'Now',
    summary: 'Now.',
    client: 'Somebody',
    period: { from: '2025-01' },
    tags: ['now'],
    claims: [{ key: 'now', statement: 'It is now.' }],
    artifacts: ['module'],
  };

  let studies = 0;
  /** A study that changed after its first revision, which has the given content. */
  async function studyWith(content: object) {
    const ref = { portfolio: 'team', slug: `stored-${(studies += 1)}` };
    const { id } = await caseStudy.create.run(ctx(), { ...ref, title: 'Before' });
    await caseStudy.update.run(ctx(), { ...ref, ...now, expectedVersion: '*' });
    await fixture.ownerSql`
      update case_study_revisions set content = ${JSON.stringify(content)}::text::jsonb, changed = '{title,gone}'
      where case_study_id = ${id} and number = 1`;
    return ref;
  }

  test.each(forms['case_study_revisions.content'])(
    'is read, compared and restored in each form: %j',
    async (form) => {
      const ref = await studyWith(form);
      const { content, changed } = await caseStudy.revision.run(ctx(), { ...ref, number: 1 });
      expect(content).toMatchObject(form);
      expect(changed).toEqual(['title']);
      const { items } = await caseStudy.revisions.run(ctx(), ref);
      expect(items.at(-1)!.changed).toEqual(['title']);
      const { after } = await caseStudy.diff.run(ctx(), { ...ref, from: 2, to: 1 });
      expect(after).toMatchObject({ title: form.title, tags: form.tags });
      const restored = await caseStudy.restore.run(ctx(), { ...ref, number: 1, expectedVersion: '*' });
      expect(restored).toMatchObject(form);
    },
  );

  test('that is older than a field gets its default, also when it is restored', async () => {
    const { client: _, period: __, ...older } = forms['case_study_revisions.content'][1]!;
    const ref = await studyWith(older);
    const { content } = await caseStudy.revision.run(ctx(), { ...ref, number: 1 });
    expect(content).toMatchObject({ ...older, client: null, period: null });
    const restored = await caseStudy.restore.run(ctx(), { ...ref, number: 1, expectedVersion: '*' });
    expect(restored).toMatchObject({ ...older, client: null, period: null });
  });

  test('with a field of a later version is read without it', async () => {
    const form = forms['case_study_revisions.content'][1]!;
    const ref = await studyWith({ ...form, later: 1, period: { ...form.period, later: 1 } });
    const { content } = await caseStudy.revision.run(ctx(), { ...ref, number: 1 });
    expect(content).toMatchObject(form);
    expect(JSON.stringify(content)).not.toContain('later');
  });
});

test.each([...forms['case_studies.period'], { from: '2026-01', later: 1 }])(
  'the period of a study is read in each form: %j',
  async (form) => {
    const ref = { portfolio: 'team', slug: 'faster' };
    await fixture.db.execute(
      sql`update case_studies set period = ${JSON.stringify(form)}::jsonb where slug = ${ref.slug}`,
    );
    const { later: _, ...period } = { later: 0, ...form };
    expect((await caseStudy.read.run(ctx(), ref)).period).toMatchObject(period);
    const { items } = await caseStudy.list.run(ctx(), { portfolio: 'team', limit: 100 });
    expect(items.find(({ slug }) => slug === ref.slug)!.period).toMatchObject(period);
  },
);

const results = jobKindSchema.options.flatMap((kind) =>
  forms[`jobs.result ${kind}`].map((form): [JobKind, object] => [kind, form]),
);

test.each(results)('the result of a %s job is read in each form: %j', async (kind, form) => {
  const id = await fixture.succeeded();
  await fixture.db.execute(
    sql`update jobs set kind = ${kind}, result = ${JSON.stringify({ ...form, later: 1 })}::jsonb where id = ${id}`,
  );
  const {
    key: _key,
    state: _,
    studyVersion: __,
    ...shown
  } = { key: undefined, state: 0, studyVersion: 0, ...form };
  expect((await job.read.run(ctx(), { id })).result).toMatchObject(shown);
  const { items } = await job.list.run(ctx(), { limit: 100 });
  expect(items.find((item) => item.id === id)!.result).toMatchObject(shown);
});

test.each(results.filter(([, form]) => 'key' in form && !('deletedAt' in form)))(
  'the file of a %s job is found in each form of its result: %j',
  async (kind, form) => {
    const id = await fixture.succeeded();
    await fixture.db.execute(
      sql`update jobs set kind = ${kind}, result = ${JSON.stringify(form)}::jsonb where id = ${id}`,
    );
    expect(await job.result.run(ctx(), { id })).toMatchObject(jobFileSchema.parse(form));
  },
);

test('names of release 0.1.0 with controls of direction are read, exported and restored', async () => {
  const ref = { portfolio: 'team', slug: 'directed' };
  const title = 'a \u202etitle';
  await caseStudy.create.run(ctx(), { ...ref, title: 'Before' });
  await fixture.ownerSql`update case_studies set title = ${title} where slug = 'directed'`;
  await fixture.ownerSql`update case_study_revisions set content = jsonb_set(content, '{title}', ${JSON.stringify(title)}::text::jsonb)
    from case_studies where id = case_study_id and slug = 'directed'`;
  expect(await caseStudy.update.run(ctx(), { ...ref, body: 'More.', expectedVersion: '*' })).toMatchObject({
    title,
  });
  expect((await caseStudy.restore.run(ctx(), { ...ref, number: 1, expectedVersion: '*' })).title).toBe(title);
});

test.each(forms['jobs.error'])(
  'the error of a job and of its events is read in each form: %j',
  async (form) => {
    const id = await fixture.failed();
    const stored = JSON.stringify({ ...form, later: 1 });
    await fixture.db.execute(sql`update jobs set error = ${stored}::jsonb where id = ${id}`);
    await fixture.ownerSql`
      update job_events set error = ${stored}::text::jsonb where job_id = ${id} and type = 'failed'`;
    expect((await job.read.run(ctx(), { id })).error).toMatchObject(form);
    const events = [];
    for await (const { data } of await job.events.run(ctx(), { id, lastEventId: '0' })) events.push(data);
    expect(events.at(-1)).toMatchObject({ event: { type: 'failed', error: form } });
  },
);

test.each(forms['webhook_deliveries.payload'])(
  'a message to a webhook is read and sent again in each form: %j',
  async (form) => {
    const { id } = await webhook.create.run(ctx(), {
      portfolio: 'team',
      url: 'https://example.com/hook',
      events: ['job.failed'],
    });
    const { id: delivery } = await webhook.test.run(ctx(), { portfolio: 'team', id });
    const stored = JSON.stringify({ ...form, later: 1 });
    await fixture.db.execute(
      sql`update webhook_deliveries set state = 'failed', payload = ${stored}::jsonb where id = ${delivery}`,
    );
    const ref = { portfolio: 'team', id };
    expect((await webhook.delivery.run(ctx(), { ...ref, delivery })).payload).toMatchObject(form);
    const again = await webhook.redeliver.run(ctx(), { ...ref, delivery });
    expect((await webhook.delivery.run(ctx(), { ...ref, delivery: again.id })).payload).toMatchObject(form);
  },
);

test.each(forms['idempotency_keys.response'])(
  'a repeated request gets the stored answer in each form: %j',
  async (form) => {
    const repeatable = { ...ctx(), idempotencyKey: 'once' };
    const create = () => portfolio.create.run(repeatable, { slug: 'once', name: 'Once' });
    await create();
    await fixture.db.execute(sql`update idempotency_keys set response = ${JSON.stringify(form)}::json`);
    expect(await create()).toEqual(form.result);
  },
);

test.each(forms['evidence.validators'])(
  'the validators of a source are read in each form: %j',
  async (form) => {
    const stored = JSON.stringify({ ...form, later: 1 });
    const [row] = await fixture.db.execute<{ id: string }>(sql`
    update evidence set source_url = ${form.url}, validators = ${stored}::jsonb where slug = 'report' returning id`);
    const source = await fetchSyncSource(fixture.db, row!.id);
    expect(source!.validators).toMatchObject(form);
  },
);

test('the parts of a download are read in each form', async () => {
  const jobId = 'job_of_a_download';
  const about = {
    sourceUrl: 'https://example.com',
    fetchedFrom: 'https://example.com',
    contentType: 'text/plain',
  };
  const unknown = { etag: null, lastModified: null, contentEncoding: null, sizeBytes: null };
  await beginDownload(fixture.db, async () => {}, {
    jobId,
    ...about,
    ...unknown,
    parts: [],
    keys: [],
  });
  for (const form of forms['evidence_downloads.parts']) {
    const stored = JSON.stringify(form.map((part) => ({ ...part, later: 1 })));
    await fixture.db.execute(sql`update evidence_downloads set parts = ${stored}::jsonb`);
    expect((await findDownload(fixture.db, jobId))!.parts).toMatchObject(form);
  }
});
