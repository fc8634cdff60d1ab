import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations } from '../index.ts';
import { type StudyFixture, owner, studyFixture } from './testing.ts';

const { caseStudy } = operations;

let fixture: StudyFixture;
beforeAll(async () => {
  fixture = await studyFixture();
});
afterAll(() => fixture.stop());

test('a new study is a draft, and is read as it was written', async () => {
  const fields = {
    title: 'Γρηγορότερα διαβάσματα',
    summary: 'Plain "text" with \\ and \u2028.',
    body: '# Ein “Titel”\n\n| a | b |\n|---|---|\n\n```js\n`${x}`\n```\n\u0001 日本語 👩‍💻',
    client: null,
    period: { from: '2026-01', to: '2026-03' },
    tags: ['postgres', 'caching'],
    language: 'el',
  };
  const created = await fixture.create('written', fields);
  expect(created).toMatchObject({ ...fields, status: 'draft', publishedAt: null });
  expect(await fixture.read('written')).toEqual(created);
});

test('omitted fields get their defaults', async () => {
  expect(await fixture.create('bare')).toMatchObject({
    summary: '',
    body: '',
    client: null,
    period: null,
    tags: [],
    language: 'en',
  });
});

test('a body of two million characters is stored whole', async () => {
  const body = '長い文'.repeat(666_666);
  await fixture.create('long', { body });
  expect((await fixture.read('long')).body).toBe(body);
  await expect(fixture.create('longer', { body: 'x'.repeat(2_000_001) })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: '/body' }],
  });
});

test('two portfolios may use the same slug', async () => {
  await operations.portfolio.create.run(fixture.as(owner), { slug: 'other', name: 'Other' });
  await fixture.create('shared', { title: 'Here' });
  await caseStudy.create.run(fixture.as(owner), { portfolio: 'other', slug: 'shared', title: 'There' });
  expect(await fixture.read('shared')).toMatchObject({ portfolio: 'team', title: 'Here' });
});

describe('an update', () => {
  test('changes the given fields and the version, and no other field', async () => {
    const before = await fixture.create('updated', {
      client: 'ACME',
      tags: ['a'],
      period: { from: '2026-01' },
    });
    const after = await fixture.update('updated', { client: null, tags: [] });
    expect(after).toEqual({
      ...before,
      client: null,
      tags: [],
      revision: 2,
      version: expect.any(Number),
      updatedAt: expect.any(String),
    });
    expect(after.version).toBeGreaterThan(before.version);
    expect(await fixture.read('updated')).toEqual(after);
  });

  test('that changes nothing does not change the version', async () => {
    const before = await fixture.create('same', { tags: ['a'], period: { from: '2026-01', to: '2026-02' } });
    const { title, tags, period, claims } = before;
    expect(await fixture.update('same', {})).toEqual(before);
    expect(await fixture.update('same', { title, tags, period, claims, body: undefined })).toEqual(before);
  });

  test('is not lost when many run concurrently', async () => {
    await fixture.create('busy');
    const updated = await Promise.all(
      Array.from({ length: 10 }, (_, at) => fixture.update('busy', { summary: `Take ${at}` })),
    );
    const versions = new Set(updated.map(({ version }) => version));
    expect(versions.size).toBe(10);
    expect(new Set(updated.map(({ revision }) => revision)).size).toBe(10);
    expect((await fixture.read('busy')).version).toBe(Math.max(...versions));
  });

  test('of a missing study is refused', async () => {
    await expect(fixture.update('nothing', { summary: 'x' })).rejects.toMatchObject({ code: 'not_found' });
  });
});
