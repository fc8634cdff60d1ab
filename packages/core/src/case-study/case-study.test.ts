import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations } from '../index.ts';
import { type StudyScene, owner, studyScene } from './testing.ts';

const { caseStudy } = operations;

let scene: StudyScene;
beforeAll(async () => {
  scene = await studyScene();
});
afterAll(() => scene.stop());

test('a new study is a draft in its first version, and reads back as it was written', async () => {
  const fields = {
    title: 'Γρηγορότερα διαβάσματα',
    summary: 'Plain "text" with \\ and \u2028.',
    body: '# Ein “Titel”\n\n| a | b |\n|---|---|\n\n```js\n`${x}`\n```\n\u0001 日本語 👩‍💻',
    client: null,
    period: { from: '2026-01', to: '2026-03' },
    tags: ['postgres', 'caching'],
    language: 'el',
  };
  const created = await scene.create('written', fields);
  expect(created).toMatchObject({ ...fields, status: 'draft', publishedAt: null });
  expect(await scene.read('written')).toEqual(created);
});

test('what is left out gets its default', async () => {
  expect(await scene.create('bare')).toMatchObject({
    summary: '',
    body: '',
    client: null,
    period: null,
    tags: [],
    language: 'en',
  });
});

test('a study of two million characters is kept whole', async () => {
  const body = '長い文'.repeat(666_666);
  await scene.create('long', { body });
  expect((await scene.read('long')).body).toBe(body);
  await expect(scene.create('longer', { body: 'x'.repeat(2_000_001) })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: '/body' }],
  });
});

test('two portfolios may use the same slug', async () => {
  await operations.portfolio.create.run(scene.as(owner), { slug: 'other', name: 'Other' });
  await scene.create('shared', { title: 'Here' });
  await caseStudy.create.run(scene.as(owner), { portfolio: 'other', slug: 'shared', title: 'There' });
  expect(await scene.read('shared')).toMatchObject({ portfolio: 'team', title: 'Here' });
});

describe('an update', () => {
  test('changes the given fields, counts as a version and leaves the others', async () => {
    const before = await scene.create('updated', {
      client: 'ACME',
      tags: ['a'],
      period: { from: '2026-01' },
    });
    const after = await scene.update('updated', { client: null, tags: [] });
    expect(after).toEqual({
      ...before,
      client: null,
      tags: [],
      revision: 2,
      version: expect.any(Number),
      updatedAt: expect.any(String),
    });
    expect(after.version).toBeGreaterThan(before.version);
    expect(await scene.read('updated')).toEqual(after);
  });

  test('that changes nothing leaves even the version as it is', async () => {
    const before = await scene.create('same', { tags: ['a'], period: { from: '2026-01', to: '2026-02' } });
    const { title, tags, period, claims } = before;
    expect(await scene.update('same', {})).toEqual(before);
    expect(await scene.update('same', { title, tags, period, claims, body: undefined })).toEqual(before);
  });

  test('of many at once loses no version', async () => {
    await scene.create('busy');
    const updated = await Promise.all(
      Array.from({ length: 10 }, (_, at) => scene.update('busy', { summary: `Take ${at}` })),
    );
    const versions = new Set(updated.map(({ version }) => version));
    expect(versions.size).toBe(10);
    expect(new Set(updated.map(({ revision }) => revision)).size).toBe(10);
    expect((await scene.read('busy')).version).toBe(Math.max(...versions));
  });

  test('of a study that is not there finds nothing', async () => {
    await expect(scene.update('nothing', { summary: 'x' })).rejects.toMatchObject({ code: 'not_found' });
  });
});
