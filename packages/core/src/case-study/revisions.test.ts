import { applyPatch } from 'diff';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { user } from '../../../../tests/support/services.ts';
import { anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { type StudyFixture, addArtifact, addEvidence, addMetric, owner, studyFixture } from './testing.ts';

const { caseStudy } = operations;

let fixture: StudyFixture;
beforeAll(async () => {
  fixture = await studyFixture();
  const { platform, portfolioId } = fixture;
  await platform.addMember(portfolioId, 'editor', 'editor');
  await platform.addMember(portfolioId, 'viewer', 'viewer');
});
afterAll(() => fixture.stop());

const list = (slug: string, page: object = {}) =>
  caseStudy.revisions.run(fixture.as(owner), { ...fixture.ref(slug), ...page });
const revision = (slug: string, number: number) =>
  caseStudy.revision.run(fixture.as(owner), { ...fixture.ref(slug), number });
const diff = (slug: string, from: number, to: number) =>
  caseStudy.diff.run(fixture.as(owner), { ...fixture.ref(slug), from, to });
const restore = (slug: string, number: number, expectedVersion: number | '*' = '*') =>
  caseStudy.restore.run(fixture.as(owner), { ...fixture.ref(slug), number, expectedVersion });

test('each change of content is a revision with its author, time and changed fields', async () => {
  await fixture.create('tracked', { body: 'One.', tags: ['a'] });
  await fixture.update('tracked', { body: 'Two.', title: 'tracked' }, user('editor'));
  await fixture.update('tracked', { tags: ['b'], claims: [{ key: 'a', statement: 'It is.' }] });
  const { items, nextCursor } = await list('tracked');
  const at = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(items).toEqual([
    { number: 3, author: 'owner', createdAt: at, restoredFrom: null, changed: ['tags', 'claims'] },
    { number: 2, author: 'editor', createdAt: at, restoredFrom: null, changed: ['body'] },
    { number: 1, author: 'owner', createdAt: at, restoredFrom: null, changed: [] },
  ]);
  expect(nextCursor).toBeNull();
  expect(await fixture.read('tracked')).toMatchObject({ revision: 3 });
});

test('a revision has the whole content at its time', async () => {
  const content = {
    title: 'Then',
    summary: 'S',
    body: 'B \\ " \u0001 👩‍💻',
    client: 'ACME',
    period: { from: '2026-01' },
    tags: ['a'],
    language: 'el',
    claims: [{ key: 'a', statement: 'It is.', metric: null, evidence: [] }],
    artifacts: [],
  };
  await fixture.create('whole', content);
  await fixture.update('whole', { title: 'Now', claims: [], client: null, body: '' });
  expect((await revision('whole', 1)).content).toEqual(content);
  expect((await revision('whole', 2)).content).toEqual({
    ...content,
    title: 'Now',
    claims: [],
    client: null,
    body: '',
  });
  await expect(revision('whole', 3)).rejects.toMatchObject({ code: 'not_found' });
});

test('neither an update without changes nor a publication is a revision', async () => {
  await fixture.create('still', { body: 'Text.' });
  await fixture.update('still', { body: 'Text.', tags: [], claims: [] });
  await fixture.publish('still');
  expect((await list('still')).items).toHaveLength(1);
});

test('concurrent changes are numbered without gaps', async () => {
  await fixture.create('many');
  await Promise.all(Array.from({ length: 8 }, (_, at) => fixture.update('many', { summary: `Take ${at}` })));
  const { items } = await list('many');
  expect(items.map(({ number }) => number)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
});

test('pages of revisions skip and repeat none while others write', async () => {
  await fixture.create('paged');
  for (const summary of ['a', 'b', 'c']) await fixture.update('paged', { summary });
  const first = await list('paged', { limit: 2 });
  await fixture.update('paged', { summary: 'd' });
  const second = await list('paged', { limit: 2, cursor: first.nextCursor });
  expect([...first.items, ...second.items].map(({ number }) => number)).toEqual([4, 3, 2, 1]);
  expect(second.nextCursor).toBeNull();
});

test.each([
  'bm90IGpzb24',
  Buffer.from('{"number":0}').toString('base64url'),
  Buffer.from('{"number":1e300}').toString('base64url'),
  Buffer.from('{"number":"1","sort":"title"}').toString('base64url'),
  Buffer.from('['.repeat(1000)).toString('base64url'),
  'cs_01jd3v8x2kf4wr6tq9m5c7h1ab',
  'not a cursor',
])('a forged cursor is refused (%#)', async (cursor) => {
  await expect(list('paged', { cursor })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: '/cursor' }],
  });
});

describe('a comparison', () => {
  test('returns the fields before and after, and texts line by line', async () => {
    const body = Array.from({ length: 50 }, (_, at) => `Line ${at}.`);
    await fixture.create('compared', { summary: 'Old', body: body.join('\n'), tags: ['a'] });
    const after = body.with(25, 'Another.').toSpliced(40, 1).join('\n');
    await fixture.update('compared', { summary: 'New', body: after, client: 'ACME' });
    const found = await diff('compared', 1, 2);
    expect(found).toMatchObject({
      from: 1,
      to: 2,
      changed: ['summary', 'body', 'client'],
      before: { summary: 'Old', client: null },
      after: { summary: 'New', client: 'ACME' },
    });
    expect(found.before).not.toHaveProperty('body');
    expect(found.patches.body).toContain('\n-Line 25.\n+Another.\n');
    expect(found.patches.body).not.toContain('Line 5.');
    expect(applyPatch(body.join('\n'), found.patches.body!)).toBe(after);
    const backwards = await diff('compared', 2, 1);
    expect(applyPatch(after, backwards.patches.body!)).toBe(body.join('\n'));
    expect(await diff('compared', 2, 2)).toMatchObject({ changed: [], before: {}, after: {}, patches: {} });
  });

  test('of missing revisions is refused', async () => {
    await expect(diff('compared', 1, 9)).rejects.toMatchObject({ code: 'not_found' });
    await expect(diff('nothing', 1, 1)).rejects.toMatchObject({ code: 'not_found' });
    await expect(diff('compared', 0, 2 ** 31)).rejects.toMatchObject({
      fields: [{ pointer: '/from' }, { pointer: '/to' }],
    });
  });

  test.each([
    ['no common lines', (mark: string) => Array.from({ length: 49_000 }, (_, at) => mark + at).join('\n')],
    ['empty lines only', (mark: string) => '\n'.repeat(mark === 'a' ? 2_000_000 : 1_000_000)],
  ])('of large texts with %s reports that they are too different', async (name, bodyOf) => {
    const slug = name.replaceAll(' ', '-');
    await fixture.create(slug, { body: bodyOf('a') });
    await fixture.update(slug, { body: bodyOf('b') });
    expect(await diff(slug, 1, 2)).toMatchObject({ changed: ['body'], patches: { body: null } });
  });

  test('of large texts finds a single difference', async () => {
    const line = `${'word '.repeat(40)}\n`;
    await fixture.create('large', { body: line.repeat(9_900) });
    await fixture.update('large', { body: `${line.repeat(5_000)}Another.\n${line.repeat(4_899)}` });
    const { patches } = await diff('large', 1, 2);
    expect(patches.body).toContain('+Another.');
    expect(patches.body!.length).toBeLessThan(5_000);
  });
});

describe('restoring a revision', () => {
  test('restores its content as a new revision, and keeps the status', async () => {
    const first = await fixture.create('back', { body: 'One.', tags: ['a'], period: { from: '2026-01' } });
    await fixture.update('back', { body: 'Two.', tags: [], period: null });
    const published = await fixture.publish('back');
    const restored = await restore('back', 1, published.version);
    expect(restored).toEqual({
      ...first,
      revision: 3,
      status: 'published',
      version: expect.any(Number),
      updatedAt: expect.any(String),
      publishedAt: published.publishedAt,
    });
    expect(restored.version).toBeGreaterThan(published.version);
    expect((await list('back')).items[0]).toMatchObject({
      number: 3,
      restoredFrom: 1,
      changed: ['body', 'period', 'tags'],
    });
    expect(await restore('back', 3)).toEqual(restored);
    await expect(restore('back', 1, published.version)).rejects.toMatchObject({
      code: 'precondition_failed',
    });
    await expect(restore('back', 99)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('restores claims with the versions that they cited', async () => {
    const { platform, portfolioId } = fixture;
    await addEvidence(platform, portfolioId, 'trace', 2);
    await addEvidence(platform, portfolioId, 'awaited', 0);
    const evidence = [{ slug: 'trace', version: 1 }, { slug: 'awaited' }];
    const { claims } = await fixture.create('cites', {
      claims: [{ key: 'a', statement: 'It is.', evidence }],
    });
    await fixture.update('cites', { claims: [] });
    expect(await restore('cites', 1)).toMatchObject({ claims });
  });

  test('is refused with a field error for each deleted reference', async () => {
    const { platform, portfolioId } = fixture;
    await addEvidence(platform, portfolioId, 'gone', 1);
    await addEvidence(platform, portfolioId, 'pruned', 1);
    await addMetric(platform, portfolioId, 'gone');
    await addArtifact(platform, portfolioId, 'gone');
    const metric = { key: 'gone', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
    const evidence = [{ slug: 'gone' }, { slug: 'pruned' }];
    const claims = [{ key: 'a', statement: 'It is.', metric, evidence }];
    await fixture.create('orphaned', { claims, artifacts: ['gone'] });
    await fixture.update('orphaned', { claims: [], artifacts: [] });
    for (const table of ['evidence', 'artifacts']) {
      await platform.sql`delete from ${platform.sql(table)} where slug = 'gone'`;
    }
    await platform.sql`delete from metrics where key = 'gone'`;
    await platform.ownerSql`
      delete from evidence_versions using evidence where id = evidence_id and slug = 'pruned'`;
    const before = await fixture.read('orphaned');
    await expect(restore('orphaned', 1)).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [
        { pointer: '/claims/0/evidence/0/slug' },
        { pointer: '/claims/0/evidence/1/version' },
        { pointer: '/claims/0/metric/key' },
        { pointer: '/artifacts/0' },
      ],
    });
    expect(await fixture.read('orphaned')).toEqual(before);
  });
});

test('revisions are visible to members only, even those of a published study', async () => {
  await fixture.create('open');
  await fixture.publish('open');
  const ref = fixture.ref('open');
  const reads = [
    (actor: typeof owner) => caseStudy.revisions.run(fixture.as(actor), ref),
    (actor: typeof owner) => caseStudy.revision.run(fixture.as(actor), { ...ref, number: 1 }),
    (actor: typeof owner) => caseStudy.diff.run(fixture.as(actor), { ...ref, from: 1, to: 1 }),
  ];
  for (const read of reads) {
    await expect(read(anonymous)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(read(user('outsider'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(read(user('viewer'))).resolves.toBeDefined();
  }
});
