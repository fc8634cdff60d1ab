import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, anonymous } from '../actor.ts';
import { operations } from '../index.ts';

const { caseStudy } = operations;
const portfolio = 'team';
const owner = user('owner');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: portfolio, name: 'Team' });
});
afterAll(() => platform.stop());

const create = (slug: string, rest: object = {}) =>
  caseStudy.create.run(platform.as(owner), { portfolio, slug, title: slug, ...rest });
const read = (slug: string, actor: Actor = owner) =>
  caseStudy.read.run(platform.as(actor), { portfolio, slug });

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
  const created = await create('written', fields);
  expect(created).toMatchObject({ ...fields, status: 'draft', publishedAt: null });
  expect(await read('written')).toEqual(created);
});

test('what is left out gets its default', async () => {
  expect(await create('bare')).toMatchObject({
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
  await create('long', { body });
  expect((await read('long')).body).toBe(body);
  await expect(create('longer', { body: 'x'.repeat(2_000_001) })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: '/body' }],
  });
});

test('two portfolios may use the same slug', async () => {
  await operations.portfolio.create.run(platform.as(owner), { slug: 'other', name: 'Other' });
  await create('shared', { title: 'Here' });
  await caseStudy.create.run(platform.as(owner), { portfolio: 'other', slug: 'shared', title: 'There' });
  expect(await read('shared')).toMatchObject({ portfolio, title: 'Here' });
});

describe('an update', () => {
  test('changes the given fields, counts as a version and leaves the others', async () => {
    const before = await create('updated', { client: 'ACME', tags: ['a'], period: { from: '2026-01' } });
    const after = await caseStudy.update.run(platform.as(owner), {
      expectedVersion: '*',
      portfolio,
      slug: 'updated',
      client: null,
      tags: [],
    });
    expect(after).toEqual({
      ...before,
      client: null,
      tags: [],
      version: expect.any(Number),
      updatedAt: expect.any(String),
    });
    expect(after.version).toBeGreaterThan(before.version);
    expect(await read('updated')).toEqual(after);
  });

  test('of many at once loses no version', async () => {
    await create('busy');
    const updated = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        caseStudy.update.run(platform.as(owner), {
          expectedVersion: '*',
          portfolio,
          slug: 'busy',
          summary: `Take ${at}`,
        }),
      ),
    );
    const versions = new Set(updated.map(({ version }) => version));
    expect(versions.size).toBe(10);
    expect((await read('busy')).version).toBe(Math.max(...versions));
  });

  test('of a study that is not there finds nothing', async () => {
    await expect(
      caseStudy.update.run(platform.as(owner), {
        expectedVersion: '*',
        portfolio,
        slug: 'nothing',
        summary: 'x',
      }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('publishing', () => {
  test('lets everybody read the study, and the list show it without its body', async () => {
    await create('public', { body: 'For all.' });
    await expect(read('public', anonymous)).rejects.toMatchObject({ code: 'not_found' });
    const published = await caseStudy.publish.run(platform.as(owner), {
      portfolio,
      slug: 'public',
      expectedVersion: '*',
    });
    expect(published).toMatchObject({ status: 'published', publishedAt: published.updatedAt });
    expect(await read('public', anonymous)).toEqual(published);
    const { items } = await caseStudy.list.run(platform.as(anonymous), { portfolio });
    const { body: _, ...item } = published;
    expect(items).toEqual([item]);
  });

  test('again changes nothing', async () => {
    await create('twice');
    const first = await caseStudy.publish.run(platform.as(owner), {
      portfolio,
      slug: 'twice',
      expectedVersion: '*',
    });
    expect(
      await caseStudy.publish.run(platform.as(owner), { portfolio, slug: 'twice', expectedVersion: '*' }),
    ).toEqual(first);
  });
});
