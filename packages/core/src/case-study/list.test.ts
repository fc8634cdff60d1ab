import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Actor, anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { type StudyFixture, owner, studyFixture } from './testing.ts';

const { caseStudy } = operations;
const change = (slug: string) => ({ portfolio: 'team', slug, expectedVersion: '*' as const });

let fixture: StudyFixture;
/** Five studies in this order. `bravo` and then `delta` are published; `echo` is archived. */
beforeAll(async () => {
  fixture = await studyFixture();
  const studies = {
    charlie: { title: 'Éclair: faster queues', tags: ['queues', 'aws'], body: 'Nothing of note.' },
    bravo: { title: 'apple queues', tags: ['queues'], summary: 'A queue that is running.' },
    delta: { title: 'Banana', tags: ['aws', 'postgres'], body: 'In passing: the queue waited.' },
    alpha: { title: 'Zebra', tags: ['aws', 'queues', 'go'], body: '日本語 の text' },
    echo: { title: 'old', tags: ['aws'] },
  };
  for (const [slug, content] of Object.entries(studies)) await fixture.create(slug, content);
  await fixture.publish('bravo');
  await fixture.publish('delta');
  await caseStudy.archive.run(fixture.as(owner), change('echo'));
});
afterAll(() => fixture.stop());

const page = (query: object = {}, actor: Actor = owner) =>
  caseStudy.list.run(fixture.as(actor), { portfolio: 'team', ...query });
const slugs = async (query: object = {}, actor: Actor = owner) =>
  (await page(query, actor)).items.map(({ slug }) => slug);

/** All slugs, read in pages of one. */
async function walk(query: object): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const { items, nextCursor }: Awaited<ReturnType<typeof page>> = await page({
      ...query,
      limit: 1,
      ...(cursor && { cursor }),
    });
    found.push(...items.map(({ slug }) => slug));
    cursor = nextCursor;
  }
  return found;
}

test('by default, members see all but archived studies, anonymous readers the published ones', async () => {
  expect(await slugs()).toEqual(['alpha', 'delta', 'bravo', 'charlie']);
  expect(await slugs({}, anonymous)).toEqual(['delta', 'bravo']);
});

describe('a filter', () => {
  test('by tags returns the studies with all of them', async () => {
    expect(await slugs({ tag: ['aws'] })).toEqual(['alpha', 'delta', 'charlie']);
    expect(await slugs({ tag: ['queues', 'aws'] })).toEqual(['alpha', 'charlie']);
    expect(await slugs({ tag: ['nothing'] })).toEqual([]);
    expect(await slugs({ tag: ['aws'] }, anonymous)).toEqual(['delta']);
  });

  test('by status shows anonymous readers published studies only', async () => {
    expect(await slugs({ status: 'archived' })).toEqual(['echo']);
    expect(await slugs({ status: 'draft' })).toEqual(['alpha', 'charlie']);
    expect(await slugs({ status: 'published' })).toEqual(['delta', 'bravo']);
    expect(await slugs({ status: 'published' }, anonymous)).toEqual(['delta', 'bravo']);
    for (const status of ['archived', 'draft']) {
      expect(await slugs({ status }, anonymous)).toEqual([]);
    }
  });

  test('by words searches title, summary and body, for exact words and stems', async () => {
    expect(await slugs({ q: 'queue' })).toEqual(['delta', 'bravo', 'charlie']);
    expect(await slugs({ q: 'ran OR run' })).toEqual(['bravo']);
    expect(await slugs({ q: 'the' })).toEqual(['delta']);
    expect(await slugs({ q: 'queue -apple' })).toEqual(['delta', 'charlie']);
    expect(await slugs({ q: '"queue waited"' })).toEqual(['delta']);
    expect(await slugs({ q: 'éclair' })).toEqual(['charlie']);
    expect(await slugs({ q: '日本語' })).toEqual(['alpha']);
    expect(await slugs({ q: 'queue' }, anonymous)).toEqual(['delta', 'bravo']);
    expect(await slugs({ q: 'queue', tag: ['aws'], status: 'draft' })).toEqual(['charlie']);
  });

  test.each(['!!!', '"', "'", '& | ! ( ) :*', '\\', '%', '-', 'or or or', 'a:*b', '𝒳'.repeat(100), '\u2060'])(
    'by the hostile words %j finds nothing and does not fail',
    async (q) => {
      expect(await slugs({ q })).toEqual([]);
    },
  );

  test.each<[object, string]>([
    [{ q: '' }, '/q'],
    [{ q: 'x'.repeat(201) }, '/q'],
    [{ q: 'a\0b' }, '/q'],
    [{ tag: ['Not A Tag'] }, '/tag/0'],
    [{ status: 'lost' }, '/status'],
    [{ sort: 'relevance' }, '/sort'],
    [{ sort: 'size' }, '/sort'],
  ])('such as %j is refused', async (query, pointer) => {
    await expect(page(query)).rejects.toMatchObject({
      code: 'invalid_input',
      fields: expect.arrayContaining([expect.objectContaining({ pointer })]),
    });
  });
});

describe('a sort order', () => {
  test.each<[object, string[]]>([
    [{ sort: '-createdAt' }, ['alpha', 'delta', 'bravo', 'charlie']],
    [{ sort: '-createdAt', q: 'queue' }, ['delta', 'bravo', 'charlie']],
    [{ sort: 'createdAt' }, ['charlie', 'bravo', 'delta', 'alpha']],
    [{ sort: 'createdAt', q: 'queue' }, ['charlie', 'bravo', 'delta']],
    [{ sort: '-publishedAt' }, ['delta', 'bravo', 'alpha', 'charlie']],
    [{ sort: '-publishedAt', q: 'queue' }, ['delta', 'bravo', 'charlie']],
    [{ sort: 'title' }, ['bravo', 'delta', 'charlie', 'alpha']],
    [{ sort: 'title', q: 'queue' }, ['bravo', 'delta', 'charlie']],
    [{ sort: 'relevance', q: 'queue' }, ['bravo', 'charlie', 'delta']],
  ])('is the same over all pages: %j', async (query, expected) => {
    expect(await slugs(query)).toEqual(expected);
    expect(await walk(query)).toEqual(expected);
  });

  test('by title pages through equal, long and unusual titles', async () => {
    const portfolio = 'titles';
    await operations.portfolio.create.run(fixture.as(owner), { slug: portfolio, name: 'Titles' });
    const titles = [
      'Same',
      'same',
      'SAME',
      '"\\"'.repeat(66),
      '長'.repeat(200),
      'İ'.repeat(200),
      '𐐀'.repeat(100),
    ];
    for (const [at, title] of titles.entries()) {
      await caseStudy.create.run(fixture.as(owner), { portfolio, slug: `t-${at}`, title });
    }
    for (const sort of ['title', '-publishedAt']) {
      const found = await walk({ portfolio, sort });
      expect(found.toSorted()).toEqual(titles.map((_, at) => `t-${at}`));
    }
  });
});

test.each(['-createdAt', 'createdAt', '-publishedAt', 'title', 'relevance'])(
  'pages by %s skip and repeat no existing study while others write',
  async (sort) => {
    const portfolio = `busy-${sort.replace('-', 'latest-').toLowerCase()}`;
    const ctx = fixture.as(owner);
    await operations.portfolio.create.run(ctx, { slug: portfolio, name: 'Busy' });
    const publish = async (slug: string) => {
      await caseStudy.create.run(ctx, { portfolio, slug, title: `Word ${slug}` });
      await caseStudy.publish.run(ctx, { portfolio, slug, expectedVersion: '*' });
    };
    const there = Array.from({ length: 6 }, (_, at) => `s-${at}`);
    for (const slug of there) await publish(slug);
    const found: string[] = [];
    let added = 0;
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { portfolio, sort, limit: 2, q: 'word', ...(cursor && { cursor }) };
      const { items, nextCursor }: Awaited<ReturnType<typeof page>> = await page(query, anonymous);
      found.push(...items.map(({ slug }) => slug));
      cursor = nextCursor;
      await publish(`a-${added++}`);
      await publish(`z-${added++}`);
      const gone = { portfolio, slug: `a-${added - 2}`, expectedVersion: '*' as const };
      await caseStudy.delete.run(ctx, gone);
      if (added > 20) break;
    }
    expect(new Set(found).size).toBe(found.length);
    expect(found.filter((slug) => slug.startsWith('s-')).toSorted()).toEqual(there);
  },
);

/** A forged cursor. */
const forged = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');

describe('a cursor', () => {
  const id = 'cs_01jd3v8x2kf4wr6tq9m5c7h1ab';

  test('of another order is refused', async () => {
    const { nextCursor } = await page({ sort: 'title', limit: 1 });
    for (const query of [
      {},
      { sort: 'createdAt' },
      { sort: '-publishedAt' },
      { sort: 'relevance', q: 'a' },
    ]) {
      await expect(page({ ...query, cursor: nextCursor })).rejects.toMatchObject({
        code: 'invalid_input',
        fields: [{ pointer: '/cursor' }],
      });
    }
  });

  test.each<[string, string, string]>([
    ['an id', '-createdAt', id],
    ['a foreign id', '-createdAt', forged({ sort: '-createdAt', id: 'job_01jd3v8x2kf4wr6tq9m5c7h1ab' })],
    ['no JSON', '-createdAt', 'bm90IGpzb24'],
    ['an extra key', '-createdAt', forged({ sort: '-createdAt', id, key: 1 })],
    ['nothing', 'title', forged(null)],
    ['a NUL', 'title', forged({ sort: 'title', id, key: 'a\0' })],
    ['half a character', 'title', forged({ sort: 'title', id, key: '\ud800' })],
    [
      'a number too great',
      '-publishedAt',
      Buffer.from(`{"sort":"-publishedAt","id":"${id}","key":1e999}`).toString('base64url'),
    ],
    ['a text for a number', '-publishedAt', forged({ sort: '-publishedAt', id, key: "'; drop table" })],
    ['a list', 'relevance', forged({ sort: 'relevance', id, key: [1] })],
    ['deep nesting', 'title', Buffer.from('['.repeat(1400)).toString('base64url')],
    ['too many characters', 'title', forged({ sort: 'title', id, key: 'x'.repeat(3000) })],
    ['other characters', 'title', '%%%'],
  ])('with %s is refused', async (_, sort, cursor) => {
    await expect(page({ sort, q: 'a', cursor })).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/cursor' }],
    });
  });

  test.each([Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 0.1])('may contain any number: %d', async (key) => {
    for (const sort of ['-publishedAt', 'relevance']) {
      await expect(page({ sort, q: 'queue', cursor: forged({ sort, id, key }) })).resolves.toBeDefined();
    }
  });
});

/** Text of nearly the maximum length of a body. */
const words = (make: (at: number) => string) => {
  const parts: string[] = [];
  for (let at = 0, length = 0; length < 2_000_000; at++) {
    const word = make(at);
    parts.push(word);
    length += word.length + 1;
  }
  return parts
    .join(' ')
    .slice(0, 1_999_990)
    .replace(/[\ud800-\udbff]$/, '');
};
const digits = (at: number, first: number, base = 500) =>
  String.fromCodePoint(first + (at % base), first + (Math.floor(at / base) % base));

/** Indexed whole and in parts, each with and without its last letter, which takes the most space. */
const longJoined = (at: number) =>
  Array.from({ length: 20 }, (_, part) => `${digits(at * 20 + part, 0x20000, 5000).repeat(10)}s`).join('-');

describe('the search index', () => {
  test.each<[string, string]>([
    ['words', words((at) => `w${at.toString(36)}`)],
    ['Chinese', words((at) => digits(at, 0x4e00, 5000))],
    ['emoji', words((at) => digits(at, 0x1f300))],
    ['letters of four bytes', words((at) => digits(at, 0x20000, 5000))],
    [
      'joined words of four bytes, with stems',
      words((at) => `${digits(at, 0x20000, 5000)}s-${digits(at, 0x21000, 5000)}s`),
    ],
    ['the longest joined words of four bytes, with stems', words(longJoined)],
    ['paths', words((at) => `https://h${at.toString(36)}.example/${at.toString(36)}/s?running=${at}`)],
    ['one word', 'x'.repeat(2_000_000)],
    ['one word of four bytes', '\u{20000}'.repeat(1_000_000)],
  ])('fits two million characters of %s', async (name, body) => {
    const slug = `fits-${name.toLowerCase().replaceAll(/\W+/g, '-')}`;
    const texts = { title: '\u{20000}'.repeat(100), summary: '\u{20001}s-'.repeat(125), body };
    await expect(fixture.create(slug, texts)).resolves.toMatchObject({ slug });
    const [row] = await fixture.platform.sql`
      select length(search) as words from case_studies where slug = ${slug}`;
    expect(row!.words).toBeGreaterThan(0);
    await caseStudy.delete.run(fixture.as(owner), change(slug));
  });
});
