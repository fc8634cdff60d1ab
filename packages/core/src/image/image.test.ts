import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { anonymous } from '../actor.ts';
import { operations } from '../index.ts';
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
