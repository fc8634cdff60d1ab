import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { removeUnusedImages } from './remove-unused.ts';
import { imageHash, imageHashes, imagePath } from './schemas.ts';

const { image, caseStudy } = operations;
const owner = user('owner');
const png = Buffer.from('89504e470d0a1a0a0102', 'hex');
const jpeg = Buffer.from('ffd8ffe000104a464946', 'hex');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  for (const slug of ['team', 'other']) {
    await operations.portfolio.create.run(platform.as(owner), { slug, name: slug });
  }
});
afterAll(() => platform.stop());

const upload = (bytes: Buffer, portfolio = 'team') =>
  image.upload.run(platform.as(owner), { portfolio, bytes: bytes.toString('base64') });

test.each([
  ['image/png', png],
  ['image/jpeg', jpeg],
])('the bytes of an image (%s) are returned unchanged', async (contentType, bytes) => {
  const stored = await upload(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(stored).toEqual({
    sha256,
    url: `/api/v1/portfolios/team/images/${sha256}`,
    contentType,
    sizeBytes: bytes.length,
  });
  expect(imageHash(stored.url)).toBe(sha256);
  const { downloadUrl } = await image.read.run(platform.as(owner), { portfolio: 'team', sha256 });
  const response = await fetch(downloadUrl);
  expect(response.headers.get('content-type')).toBe(contentType);
  expect(Buffer.from(await response.bytes())).toEqual(bytes);
});

test('identical bytes are stored once per portfolio', async () => {
  const [first, second] = [await upload(png), await upload(png)];
  expect(second).toEqual(first);
  const { sha256 } = await upload(Buffer.concat([png, jpeg]));
  await expect(image.read.run(platform.as(owner), { portfolio: 'other', sha256 })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('an image whose bytes could not be stored does not exist', async () => {
  const bytes = Buffer.concat([png, Buffer.from('lost')]);
  const put = vi
    .spyOn(platform.services.bucket, 'put')
    .mockRejectedValueOnce(new Error('The bucket is unavailable.'));
  await expect(upload(bytes)).rejects.toThrow('The bucket is unavailable.');
  put.mockRestore();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await expect(image.read.run(platform.as(owner), { portfolio: 'team', sha256 })).rejects.toMatchObject({
    code: 'not_found',
  });
});

describe('an invalid image', () => {
  test.each([
    ['other bytes', Buffer.from('<svg onload="alert(1)"/>').toString('base64')],
    ['nothing', ''],
    ['text that is not base64', 'a picture'],
    ['too much', Buffer.concat([png, Buffer.alloc(5 * 1024 * 1024)]).toString('base64')],
  ])('is refused: %s', async (_, bytes) => {
    await expect(image.upload.run(platform.as(owner), { portfolio: 'team', bytes })).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/bytes' }],
    });
  });

  test('is not referenced by Markdown', () => {
    const sha256 = 'a'.repeat(64);
    for (const url of [
      `https://evil.example/api/v1/portfolios/team/images/${sha256}`,
      `/api/v1/portfolios/team/images/${sha256}/../x`,
      `/api/v1/portfolios/../images/${sha256}`,
      `/api/v1/portfolios/team/images/${sha256.slice(1)}`,
    ]) {
      expect(imageHash(url)).toBeNull();
    }
  });
});

test('anonymous readers see an image once a published study shows it', async () => {
  const { sha256, url } = await upload(Buffer.concat([jpeg, png]));
  const ref = { portfolio: 'team', sha256 };
  const look = () => image.read.run(platform.as(anonymous), ref);
  await caseStudy.create.run(platform.as(owner), { portfolio: 'team', slug: 'plain', title: 'Plain' });
  await caseStudy.publish.run(platform.as(owner), { portfolio: 'team', slug: 'plain', expectedVersion: '*' });
  await caseStudy.create.run(platform.as(owner), {
    portfolio: 'team',
    slug: 'shows',
    title: 'Shows',
    body: `![A chart](${url})`,
  });
  await expect(look()).rejects.toMatchObject({ code: 'not_found' });
  await expect(
    caseStudy.update.run(platform.as(owner), {
      portfolio: 'team',
      slug: 'plain',
      body: `Not ${sha256}, which is no URL.`,
      expectedVersion: '*',
    }),
  ).resolves.toBeDefined();
  await expect(look()).rejects.toMatchObject({ code: 'not_found' });
  await caseStudy.publish.run(platform.as(owner), { portfolio: 'team', slug: 'shows', expectedVersion: '*' });
  expect(await look()).toMatchObject({ sha256 });
  const hides = { portfolio: 'team', slug: 'shows', body: 'Nothing to see.' };
  await caseStudy.update.run(platform.as(owner), { ...hides, expectedVersion: '*' });
  await expect(look()).rejects.toMatchObject({ code: 'not_found' });
});

test('a study shows every image that its text refers to, each once', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
  const markdown = `![x](${imagePath('team', a)})<img src="${imagePath('team', b)}">\n\n[ref]: ${imagePath('team', a)} "x"\n${imagePath('team', c)}0 images/${c}`;
  expect(imageHashes(markdown)).toEqual([a, b]);
  expect(imageHashes(`${imagePath('team', a)}?`.repeat(18_000))).toEqual([a]);
});

const study = (slug: string, body: string) =>
  caseStudy.create.run(platform.as(owner), { portfolio: 'team', slug, title: slug, body });
const rewrite = (slug: string, body: string) =>
  caseStudy.update.run(platform.as(owner), { portfolio: 'team', slug, body, expectedVersion: '*' });
const fresh = (name: string) => upload(Buffer.concat([png, Buffer.from(name)]));
const list = async () => (await image.list.run(platform.as(owner), { portfolio: 'team', limit: 100 })).items;
const remove = (sha256: string, subject = 'owner', portfolio = 'team') =>
  image.delete.run(platform.as(user(subject)), { portfolio, sha256 });

describe('an image', () => {
  test('is deleted once no study shows it, those in the bin included, and says which do', async () => {
    const { sha256, url } = await fresh('deleted');
    await study('showing', `![](${url})`);
    await study('binned', `![](${url})`);
    await caseStudy.delete.run(platform.as(owner), {
      portfolio: 'team',
      slug: 'binned',
      expectedVersion: '*',
    });
    const detail = expect.stringContaining('"binned" (in the bin), "showing"') as string;
    await expect(remove(sha256)).rejects.toMatchObject({ code: 'conflict', message: detail });
    await rewrite('showing', 'No image.');
    const { items } = await caseStudy.bin.run(platform.as(owner), { portfolio: 'team' });
    await caseStudy.undelete.run(platform.as(owner), { portfolio: 'team', id: items[0]!.id });
    await rewrite('binned', 'None here either.');
    expect(await remove(sha256)).toBeNull();
    await expect(remove(sha256)).rejects.toMatchObject({ code: 'not_found' });
    expect((await list()).map((one) => one.sha256)).not.toContain(sha256);
  });

  test('is not deleted by others, nor by way of another portfolio', async () => {
    const { sha256 } = await fresh('guarded');
    const { id } = await operations.portfolio.read.run(platform.as(owner), { portfolio: 'team' });
    await platform.addMember(id, 'viewer', 'viewer');
    await expect(remove(sha256, 'viewer')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(remove(sha256, 'nobody')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(remove(sha256, 'owner', 'other')).rejects.toMatchObject({ code: 'not_found' });
    expect((await list()).map((one) => one.sha256)).toContain(sha256);
  });

  test('is listed, the last uploaded first, with whether a study shows it, page by page', async () => {
    const [shown, unused] = [await fresh('shown'), await fresh('unused')];
    await study('lists', `![](${shown.url})`);
    const [first, second] = await list();
    expect(first).toMatchObject({ ...unused, isShown: false });
    expect(second).toMatchObject({ ...shown, isShown: true });
    const paged: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await image.list.run(platform.as(owner), { portfolio: 'team', limit: 2, cursor });
      paged.push(...page.items.map((one) => one.sha256));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(paged).toEqual((await list()).map((one) => one.sha256));
  });

  test('that neither a text nor a revision shows is deleted 30 days after it was last uploaded', async () => {
    const [unused, shown, inRevision, again] = [
      await fresh('expired'),
      await fresh('in a text'),
      await fresh('in a revision'),
      await fresh('uploaded again'),
    ];
    await study('keeps', `![](${shown.url}) ![](${inRevision.url})`);
    await rewrite('keeps', `![](${shown.url})`);
    const run = () => removeUnusedImages(platform.workerDb, new AbortController().signal);
    await platform.ownerSql`update images set uploaded_at = now() - interval '29 days'`;
    expect(await run()).toBe(0);
    await platform.ownerSql`update images set uploaded_at = now() - interval '31 days'`;
    await fresh('uploaded again');
    await run();
    const left = (await list()).map((one) => one.sha256);
    expect(left).toEqual(expect.arrayContaining([shown, inRevision, again].map((one) => one.sha256)));
    expect(left).not.toContain(unused.sha256);
    const [recorded] = await platform.sql`
      select at_once from removable_objects where key like ${`%${unused.sha256}`}`;
    expect(recorded).toMatchObject({ at_once: true });
  });
});
