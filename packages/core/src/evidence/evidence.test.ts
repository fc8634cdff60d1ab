import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, sha256Of, upload } from '../../../../tests/support/upload.ts';
import { type Actor, anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { contentKey } from '../upload/keys.ts';

const { evidence, caseStudy } = operations;
const owner = user('owner');
const portfolio = 'team';
const sourceUrl = 'https://status.example/report.json?q=1';
const unknown = { code: 'not_found' };

let platform: TestServices;
let portfolioId: string;
beforeAll(async () => {
  platform = await testServices();
  ({ id: portfolioId } = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  }));
});
afterAll(() => platform.stop());

let count = 0;
let slug: string;
beforeEach(() => {
  slug = `evidence-${++count}`;
});

const at = (name = slug) => ({ portfolio, slug: name });
const create = (rest: object = {}) =>
  evidence.create.run(platform.as(owner), { ...at(), title: 'Evidence', ...rest });
const read = (actor: Actor = owner) => evidence.read.run(platform.as(actor), at());
const add = async (text: string, fileName?: string) => {
  const uploadId = await upload(platform.as(owner), portfolio, bytesOf(text), fileName);
  return evidence.addVersion.run(platform.as(owner), { ...at(), uploadId });
};
const verify = () => evidence.verify.run(platform.as(owner), at());
const versions = async (actor: Actor = owner) =>
  (await evidence.versions.run(platform.as(actor), at())).items.map(({ number }) => number);
const versionPage = (cursor?: string) =>
  evidence.versions.run(platform.as(owner), { ...at(), limit: 2, cursor });
const content = (actor: Actor, version?: number) =>
  evidence.content.run(platform.as(actor), { ...at(), version });
const list = (actor: Actor, rest: object = {}) =>
  evidence.list.run(platform.as(actor), { portfolio, limit: 100, ...rest });
/** A study with a claim; if a version is given, the claim cites that version of the evidence. */
const createStudy = (study: string, version?: number) => {
  const claim = { key: 'claim', statement: 'It is so.', evidence: [{ slug, version }] };
  const claims = version === undefined ? [] : [claim];
  return caseStudy.create.run(platform.as(owner), { portfolio, slug: study, title: study, claims });
};
const publish = (study: string) =>
  caseStudy.publish.run(platform.as(owner), { portfolio, slug: study, expectedVersion: '*' });
const keyOf = (text: string) => contentKey('evidence', portfolioId, sha256Of(bytesOf(text)));

test('new evidence has no bytes, and is read as it was written', async () => {
  const fields = {
    title: 'Γραφή “eins”',
    description: 'Two\nlines.',
    sourceUrl,
    freshForSeconds: 3600,
  };
  const created = await create(fields);
  expect(created).toMatchObject({ ...at(), ...fields, standing: 'missing', latest: null, checkedAt: null });
  expect(await read()).toEqual(created);
  await expect(create()).rejects.toMatchObject({ code: 'conflict' });
});

test.each([
  'http://status.example/',
  'https://user:secret@status.example/',
  'ftp://status.example/',
  'status.example',
  'https://status.example/\u0000',
  'https://status.example/a b',
  `https://status.example/${'x'.repeat(2000)}`,
])('a source such as %j is refused', async (url) => {
  await expect(create({ sourceUrl: url })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: '/sourceUrl' }],
  });
});

describe('versions', () => {
  test('are numbered in order, and each keeps its bytes', async () => {
    await create();
    await add('first', 'first.txt');
    const second = await add('second', 'second.txt');
    expect(second).toMatchObject({ standing: 'fresh', latest: { number: 2, fileName: 'second.txt' } });
    expect(await versions()).toEqual([2, 1]);
    for (const [version, text] of [
      [1, 'first'],
      [2, 'second'],
      [undefined, 'second'],
    ] as const) {
      const { url } = await content(owner, version);
      const response = await fetch(url);
      expect(await response.text()).toBe(text);
      expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="/);
    }
    await expect(content(owner, 3)).rejects.toMatchObject(unknown);
  });

  test('are not added for identical bytes, which count as a check', async () => {
    await create({ freshForSeconds: 60 });
    const first = await add('same');
    await platform.sql`update evidence set checked_at = now() - interval '1 hour' where slug = ${slug}`;
    expect((await read()).standing).toBe('stale');
    const again = await add('same', 'renamed.txt');
    expect(again).toMatchObject({ latest: first.latest, standing: 'fresh' });
    expect(again.version).toBeGreaterThan(first.version);
    expect(await versions()).toEqual([1]);
  });

  test('are paged without skipping or repeating any while others are added', async () => {
    await create();
    for (const text of ['a', 'b', 'c']) await add(text);
    const first = await versionPage();
    await add('d');
    const second = await versionPage(first.nextCursor!);
    expect([first, second].map(({ items }) => items.map(({ number }) => number))).toEqual([[3, 2], [1]]);
    expect(second.nextCursor).toBeNull();
  });

  test('are all stored when added concurrently', async () => {
    await create();
    await Promise.all(['a', 'b', 'c', 'd'].map((text) => add(text)));
    expect(await versions()).toEqual([4, 3, 2, 1]);
  });

  test('cannot be uploaded if the evidence has a source', async () => {
    await create({ sourceUrl });
    await expect(add('forged')).rejects.toMatchObject({ code: 'conflict' });
    expect(await versions()).toEqual([]);
  });

  test('that do not exist have no content', async () => {
    await create();
    await expect(content(owner)).rejects.toMatchObject(unknown);
    await expect(verify()).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('standing', () => {
  test('is always fresh without a limit, otherwise as long as the limit', async () => {
    await create();
    await add('aged');
    await platform.sql`update evidence set checked_at = now() - interval '10 years' where slug = ${slug}`;
    const old = await read();
    expect(old.standing).toBe('fresh');
    const limited = await evidence.update.run(platform.as(owner), {
      ...at(),
      freshForSeconds: 60,
      expectedVersion: old.version,
    });
    expect(limited.standing).toBe('stale');
  });

  test('accepts the maximum limit, and refuses longer ones', async () => {
    expect(await create({ freshForSeconds: 2 ** 31 - 1 })).toMatchObject({ freshForSeconds: 2 ** 31 - 1 });
    await expect(create({ freshForSeconds: 2 ** 31 })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('filters lists', async () => {
    await create();
    for (const standing of ['missing', 'fresh'] as const) {
      if (standing === 'fresh') await add('listed');
      const { items } = await list(owner, { standing });
      expect(items.map((item) => item.slug)).toContain(slug);
      expect(new Set(items.map((item) => item.standing))).toEqual(new Set([standing]));
    }
  });
});

describe('verifying', () => {
  test('records when the bytes were verified', async () => {
    await create();
    expect((await add('whole')).latest?.verifiedAt).toBeNull();
    expect(await verify()).toMatchObject({ standing: 'fresh', problem: null });
    expect((await read()).latest?.verifiedAt).not.toBeNull();
  });

  test('detects different and lost bytes, and restored bytes fix the problem', async () => {
    await create();
    await add('precious');
    await platform.bucket.put(keyOf('precious'), bytesOf('forged'), { contentType: 'text/plain' });
    expect(await verify()).toMatchObject({ standing: 'broken', problem: 'bytes-differ' });
    await platform.bucket.remove(keyOf('precious'));
    expect(await verify()).toMatchObject({ standing: 'broken', problem: 'bytes-lost' });
    await platform.bucket.put(keyOf('precious'), bytesOf('precious'), { contentType: 'text/plain' });
    expect(await verify()).toMatchObject({ standing: 'fresh', problem: null });

    await platform.bucket.remove(keyOf('precious'));
    await verify();
    expect(await add('precious')).toMatchObject({ standing: 'fresh', problem: null, latest: { number: 1 } });
    expect(await verify()).toMatchObject({ standing: 'fresh' });
  });

  test('does not clear the problem of a vanished source', async () => {
    await create();
    await add('old');
    await platform.sql`update evidence set problem = 'source-vanished' where slug = ${slug}`;
    expect(await verify()).toMatchObject({ standing: 'broken', problem: 'source-vanished' });
  });
});

describe('a sync', () => {
  test('is a job in the group of its evidence', async () => {
    const { id } = await create({ sourceUrl });
    const job = await evidence.sync.run(platform.as(owner), at());
    expect(job).toMatchObject({ kind: 'evidence.sync', state: 'queued', portfolio });
    const [row] = await platform.sql`select group_key, payload from jobs where id = ${job.id}`;
    expect(row).toEqual({ group_key: `evidence:${id}`, payload: { evidenceId: id } });
  });

  test('of evidence without a source is refused', async () => {
    await create();
    await expect(evidence.sync.run(platform.as(owner), at())).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('changes', () => {
  test('based on an outdated version are refused', async () => {
    const { version } = await create();
    const change = (expectedVersion: number) =>
      evidence.update.run(platform.as(owner), { ...at(), title: 'New', expectedVersion });
    const changed = await change(version);
    expect(changed).toMatchObject({ title: 'New' });
    await expect(change(version)).rejects.toMatchObject({ code: 'precondition_failed' });
    await expect(
      evidence.delete.run(platform.as(owner), { ...at(), expectedVersion: version }),
    ).rejects.toMatchObject({ code: 'precondition_failed' });
    expect(await read()).toEqual(changed);
  });

  test('of the source clear the problem of the former one; the same source does not', async () => {
    await create({ sourceUrl });
    await platform.sql`update evidence set problem = 'source-vanished' where slug = ${slug}`;
    const move = (url: string) =>
      evidence.update.run(platform.as(owner), { ...at(), sourceUrl: url, expectedVersion: '*' });
    expect((await move(sourceUrl)).problem).toBe('source-vanished');
    expect((await move('https://other.example/')).problem).toBeNull();
  });

  test('delete it with its versions, unless claims cite it; the error lists them', async () => {
    const { id } = await create();
    await add('cited');
    const studies = [`${slug}-second`, `${slug}-first`];
    const remove = () => evidence.delete.run(platform.as(owner), { ...at(), expectedVersion: '*' });
    for (const study of studies) await createStudy(study, 1);
    await expect(remove()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`"${slug}-first", "${slug}-second"`) as string,
    });
    for (const study of studies) {
      const noLonger = { portfolio, slug: study, claims: [], expectedVersion: '*' as const };
      await caseStudy.update.run(platform.as(owner), noLonger);
    }
    expect(await remove()).toBeNull();
    await expect(read()).rejects.toMatchObject(unknown);
    expect(await platform.sql`select 1 from evidence_versions where evidence_id = ${id}`).toEqual([]);
  });
});

async function expectHidden() {
  await expect(read(anonymous)).rejects.toMatchObject(unknown);
  await expect(versions(anonymous)).rejects.toMatchObject(unknown);
  await expect(content(anonymous)).rejects.toMatchObject(unknown);
  await expect(content(anonymous, 2)).rejects.toMatchObject(unknown);
  const { items } = await list(anonymous);
  expect(items.map((item) => item.slug)).not.toContain(slug);
}

describe('anonymous readers', () => {
  test('see evidence once a published study cites it, in the cited and the latest version', async () => {
    await create();
    for (const text of ['one', 'two', 'three', 'four']) await add(text);
    await createStudy(`${slug}-open`);
    await publish(`${slug}-open`);
    await expectHidden();
    await createStudy(`${slug}-study`, 2);
    await expectHidden();

    await publish(`${slug}-study`);
    expect(await read(anonymous)).toEqual(await read());
    expect((await list(anonymous)).items.map((item) => item.slug)).toContain(slug);
    expect(await versions(anonymous)).toEqual([4, 2]);
    expect((await content(anonymous)).number).toBe(4);
    expect((await content(anonymous, 2)).number).toBe(2);
    for (const number of [1, 3]) await expect(content(anonymous, number)).rejects.toMatchObject(unknown);
    expect(await versions()).toEqual([4, 3, 2, 1]);
  });
});

test('lists are paged, newest first, and of one portfolio only', async () => {
  const other = 'pages';
  await operations.portfolio.create.run(platform.as(owner), { slug: other, name: 'Pages' });
  expect(await evidence.list.run(platform.as(owner), { portfolio: other })).toEqual({
    items: [],
    nextCursor: null,
  });
  for (const name of ['a', 'b', 'c']) {
    await evidence.create.run(platform.as(owner), { portfolio: other, slug: name, title: name });
  }
  const page = (cursor?: string) =>
    evidence.list.run(platform.as(owner), { portfolio: other, limit: 2, cursor });
  const first = await page();
  const second = await page(first.nextCursor!);
  expect([first, second].map(({ items }) => items.map((item) => item.slug))).toEqual([['c', 'b'], ['a']]);
  expect(second.nextCursor).toBeNull();
});
