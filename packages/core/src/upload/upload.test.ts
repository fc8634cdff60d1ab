import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, describeFile, sendForm, sha256Of, upload } from '../../../../tests/support/upload.ts';
import { anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { contentKey, stagingKey } from './keys.ts';
import { removeExpiredUploads } from './remove-expired.ts';

const { evidence } = operations;
const owner = user('owner');
const portfolio = 'team';

let platform: TestServices;
let portfolioId: string;
beforeAll(async () => {
  platform = await testServices();
  ({ id: portfolioId } = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  }));
  await operations.portfolio.create.run(platform.as(owner), { slug: 'other', name: 'Other' });
});
afterAll(() => platform.stop());

let count = 0;
let slug: string;
beforeEach(async () => {
  slug = `evidence-${++count}`;
  for (const of of [portfolio, 'other']) {
    await evidence.create.run(platform.as(owner), { portfolio: of, slug, title: slug });
  }
});

const ask = (bytes: Uint8Array, rest: object = {}) =>
  evidence.upload.run(platform.as(owner), { portfolio, ...describeFile(bytes), ...rest });
const finish = (uploadId: string, of = portfolio) =>
  evidence.addVersion.run(platform.as(owner), { portfolio: of, slug, uploadId });
const stored = (bytes: Uint8Array) =>
  platform.bucket.get(contentKey('evidence', portfolioId, sha256Of(bytes)));
const refusedUpload = { code: 'invalid_input', fields: [{ pointer: '/uploadId' }] };

test('a file that is sent by the form becomes a version with its size, hash, name and type', async () => {
  const bytes = bytesOf('%PDF-1.7 a report');
  const asked = await ask(bytes, { fileName: 'Bericht “März”.pdf', contentType: 'text/html' });
  expect((await sendForm(asked, bytes)).status).toBe(204);
  expect((await finish(asked.id)).latest).toMatchObject({
    number: 1,
    fileName: 'Bericht “März”.pdf',
    sizeBytes: bytes.length,
    sha256: sha256Of(bytes),
    contentType: 'application/pdf',
    fetchedFrom: null,
  });
  expect(await stored(bytes)).toEqual(bytes);
});

test('the form allows these bytes only: exact size, hash and type, under a key of its own, for 15 minutes', async () => {
  const bytes = bytesOf('allowed');
  const { id, fields, expiresAt } = await ask(bytes);
  const policy = JSON.parse(Buffer.from(fields.policy!, 'base64').toString()) as object;
  expect(policy).toMatchObject({
    expiration: expiresAt,
    conditions: expect.arrayContaining([
      { key: stagingKey(portfolioId, id) },
      { 'content-type': 'text/plain' },
      { 'x-amz-checksum-sha256': Buffer.from(sha256Of(bytes), 'hex').toString('base64') },
      ['content-length-range', bytes.length, bytes.length],
    ]),
  });
  const minutes = (Date.parse(expiresAt) - Date.now()) / 60_000;
  expect(minutes).toBeGreaterThan(14);
  expect(minutes).toBeLessThanOrEqual(15);
});

test('a file of many parts can be uploaded; one of more than 100 MiB is refused', async () => {
  const bytes = new Uint8Array(20 * 1024 * 1024).fill(7);
  const uploadId = await upload(platform.as(owner), portfolio, bytes);
  expect((await finish(uploadId)).latest).toMatchObject({ sizeBytes: bytes.length, sha256: sha256Of(bytes) });
  await expect(ask(bytesOf('x'), { sizeBytes: 100 * 1024 * 1024 + 1 })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: '/sizeBytes' }],
  });
});

describe('bytes other than the announced ones are refused, and none of them is stored', () => {
  const announced = bytesOf('what was announced');
  test.each([
    ['as many', bytesOf('what was Announced')],
    ['fewer', bytesOf('what was')],
    ['none', bytesOf('')],
    ['more', bytesOf('what was announced, and more')],
    ['more than one part of them', new Uint8Array(12 * 1024 * 1024)],
  ])('%s', async (_, sent) => {
    const asked = await ask(announced);
    // The embedded S3 does not enforce the policy, so that the platform's own check refuses here.
    await sendForm(asked, sent);
    await expect(finish(asked.id)).rejects.toMatchObject(refusedUpload);
    expect(await stored(announced)).toBeNull();
    expect(await stored(sent)).toBeNull();
    expect((await evidence.read.run(platform.as(owner), { portfolio, slug })).latest).toBeNull();
  });

  test('with a whole first part that matches', async () => {
    const large = new Uint8Array(12 * 1024 * 1024).fill(1);
    const asked = await ask(large);
    const sent = large.slice();
    sent[sent.length - 1] = 2;
    await sendForm(asked, sent);
    await expect(finish(asked.id)).rejects.toMatchObject(refusedUpload);
    expect(await stored(large)).toBeNull();
  });

  test('and the upload can be used after the right ones were sent', async () => {
    const bytes = bytesOf('right at last');
    const asked = await ask(bytes);
    await sendForm(asked, bytesOf('wrong at first'));
    await expect(finish(asked.id)).rejects.toMatchObject(refusedUpload);
    await sendForm(asked, bytes);
    expect((await finish(asked.id)).latest?.sha256).toBe(sha256Of(bytes));
  });
});

describe('an upload', () => {
  test('cannot be used before its file is sent', async () => {
    const { id } = await ask(bytesOf('not sent'));
    await expect(finish(id)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('can be used once, even by concurrent calls', async () => {
    const uploadId = await upload(platform.as(owner), portfolio, bytesOf(`once ${slug}`));
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => finish(uploadId)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(finish(uploadId)).rejects.toMatchObject(refusedUpload);
  });

  test('can be used once, even if a transaction that began earlier reaches it later', async () => {
    const bytes = bytesOf('waited for');
    const asked = await ask(bytes);
    await sendForm(asked, bytes);
    const rest = { portfolio, title: 'Other' };
    const other = `${slug}-other`;
    await evidence.create.run(platform.as(owner), { ...rest, slug: other });
    const release = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const locking = platform.sql.begin(async (tx) => {
      await tx`select 1 from evidence where slug = ${slug} for update`;
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const waiting = finish(asked.id).catch((error: unknown) => error);
    await eventually(async () => {
      const locks = await platform.sql`
        select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      expect(locks).toHaveLength(1);
    });
    await evidence.addVersion.run(platform.as(owner), { portfolio, slug: other, uploadId: asked.id });
    release.resolve();
    await locking;
    expect(await waiting).toMatchObject(refusedUpload);
  });

  test('belongs to its portfolio', async () => {
    const uploadId = await upload(platform.as(owner), portfolio, bytesOf('own'));
    await expect(finish(uploadId, 'other')).rejects.toMatchObject(refusedUpload);
  });

  test('that was used has no effect when other bytes are sent later', async () => {
    const bytes = bytesOf('before');
    const asked = await ask(bytes);
    await sendForm(asked, bytes);
    await finish(asked.id);
    await sendForm(asked, bytesOf('after!'));
    expect(await stored(bytes)).toEqual(bytes);
  });

  test('that was used or abandoned is deleted with its bytes once its form has expired', async () => {
    const [used, left, open] = await Promise.all([
      ask(bytesOf('used')),
      ask(bytesOf('left')),
      ask(bytesOf('open')),
    ]);
    await Promise.all([
      sendForm(used, bytesOf('used')),
      sendForm(left, bytesOf('left')),
      sendForm(open, bytesOf('open')),
    ]);
    await finish(used.id);
    const staged = () =>
      Promise.all([used, left, open].map(({ id }) => platform.bucket.get(stagingKey(portfolioId, id))));
    await removeExpiredUploads(platform, new AbortController().signal);
    expect((await staged()).every((bytes) => bytes !== null)).toBe(true);

    await platform.sql`update uploads set created_at = now() - interval '20 minutes' where id <> ${left.id}`;
    await platform.sql`
      update uploads set created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'
      where id = ${left.id}`;
    await removeExpiredUploads(platform, new AbortController().signal);
    expect((await staged()).map((bytes) => bytes !== null)).toEqual([false, false, true]);
    const rows =
      await platform.sql`select id from uploads where id in ${platform.sql([used.id, left.id, open.id])}`;
    expect(rows.map(({ id }) => id as string)).toEqual([open.id]);
  });

  test('needs the scope of its purpose', async () => {
    const file = { portfolio, ...describeFile(bytesOf('x')) };
    const reader = platform.as(user('owner', ['evidence:read']));
    await expect(evidence.upload.run(reader, file)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(evidence.upload.run(platform.as(anonymous), file)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});

test.each([
  ['fileName', '../../etc/passwd'],
  ['fileName', 'a\nb'],
  ['fileName', 'invoice\u202efdp.exe'],
  ['fileName', ''],
  ['contentType', 'html'],
  ['contentType', 'text/html\r\nx-evil: 1'],
  ['sizeBytes', 0],
  ['sizeBytes', -1],
  ['sizeBytes', 1.5],
  ['sha256', 'ab'],
  ['sha256', 'AB'.repeat(32)],
])('a file announced with %s %j is refused', async (field, value) => {
  await expect(ask(bytesOf('x'), { [field]: value })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: `/${field}` }],
  });
});
