import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, upload } from '../../../../tests/support/upload.ts';
import { operations } from '../index.ts';
import { removeDeleted } from '../removable-object/remove.ts';

const { evidence, artifact, caseStudy, portfolio: portfolios } = operations;
const portfolio = 'team';
const any = '*' as const;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  const { id } = await portfolios.create.run(as(), { slug: portfolio, name: 'Team' });
  await platform.addMember(id, 'viewer', 'viewer');
  await portfolios.create.run(as('other'), { slug: 'other', name: 'Other' });
});
afterAll(() => platform.stop());

const as = (subject = 'owner') => platform.as(user(subject));
const removed = () => removeDeleted(platform.services, new AbortController().signal);

const nouns = {
  evidence: {
    async add(slug: string, texts: string[]) {
      await evidence.create.run(as(), { portfolio, slug, title: slug });
      for (const text of texts) {
        const uploadId = await upload(as(), portfolio, bytesOf(text));
        await evidence.addVersion.run(as(), { portfolio, slug, uploadId });
      }
    },
    remove: (slug: string, number: number, subject?: string, of = portfolio) =>
      evidence.deleteVersion.run(as(subject), { portfolio: of, slug, number }),
    content: (slug: string, version: number) => evidence.content.run(as(), { portfolio, slug, version }),
    async versions(slug: string) {
      const { items } = await evidence.versions.run(as(), { portfolio, slug });
      return items.map(({ sha256, deletedAt }) => ({ sha256, isDeleted: deletedAt !== null }));
    },
  },
  artifact: {
    async add(slug: string, texts: string[]) {
      await artifact.create.run(as(), { portfolio, slug, kind: 'script', title: slug });
      for (const [at, text] of texts.entries()) {
        const uploadId = await upload(as(), portfolio, bytesOf(text));
        await artifact.addVersion.run(as(), { portfolio, slug, name: `${at + 1}`, uploadId });
      }
    },
    remove: (slug: string, number: number, subject?: string, of = portfolio) =>
      artifact.deleteVersion.run(as(subject), { portfolio: of, slug, name: `${number}` }),
    content: (slug: string, version: number) =>
      artifact.content.run(as(), { portfolio, slug, version: `${version}` }),
    async versions(slug: string) {
      const { items } = await artifact.versions.run(as(), { portfolio, slug });
      return items.map(({ file, deletedAt }) => ({ sha256: file!.sha256, isDeleted: deletedAt !== null }));
    },
  },
};

describe.each(['evidence', 'artifact'] as const)('an earlier version of %s', (noun) => {
  const { add, remove, content, versions } = nouns[noun];

  test('is deleted with its bytes, and its hash stays', async () => {
    await add('erased', [`${noun} one`, `${noun} two`]);
    const [before, { url }] = [await versions('erased'), await content('erased', 1)];
    expect((await fetch(url)).status).toBe(200);
    expect(await remove('erased', 1)).toBeNull();
    await removed();
    expect((await fetch(url)).status).toBe(404);
    await expect(content('erased', 1)).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('deleted at') as string,
    });
    expect(await versions('erased')).toEqual([before[0], { ...before[1], isDeleted: true }]);
    await expect(remove('erased', 1)).rejects.toMatchObject({ code: 'not_found' });
    expect(await content('erased', 2)).toMatchObject({ deletedAt: null });
  });

  test('keeps its bytes where another version has the same', async () => {
    await add('repeated', [`${noun} same`, `${noun} other`, `${noun} same`]);
    await remove('repeated', 1);
    await removed();
    const { url } = await content('repeated', 3);
    expect((await fetch(url)).status).toBe(200);
  });

  test('is all that can be deleted, not the latest, and by nobody else', async () => {
    await add('guarded', [`${noun} first`, `${noun} last`]);
    await expect(remove('guarded', 2)).rejects.toMatchObject({ code: 'conflict' });
    await expect(remove('guarded', 3)).rejects.toMatchObject({ code: 'not_found' });
    for (const subject of ['viewer', 'nobody', 'other'])
      await expect(remove('guarded', 1, subject)).rejects.toMatchObject({
        code: subject === 'viewer' ? 'forbidden' : 'not_found',
      });
    await expect(remove('guarded', 1, 'other', 'other')).rejects.toMatchObject({ code: 'not_found' });
    expect((await versions('guarded')).every(({ isDeleted }) => !isDeleted)).toBe(true);
  });
});

test('a version that a claim cites is not deleted, nor is a deleted one cited', async () => {
  await nouns.evidence.add('cited', ['cited one', 'cited two']);
  const claims = [{ key: 'so', statement: 'So.', evidence: [{ slug: 'cited', version: 1 }] }];
  const study = { portfolio, slug: 'citing' };
  await caseStudy.create.run(as(), { ...study, title: 'Citing', claims });
  const refusal = { code: 'conflict', message: expect.stringContaining('"citing"') as string };
  await expect(nouns.evidence.remove('cited', 1)).rejects.toMatchObject(refusal);
  await caseStudy.update.run(as(), { ...study, claims: [], expectedVersion: any });
  await nouns.evidence.remove('cited', 1);
  await expect(caseStudy.update.run(as(), { ...study, claims, expectedVersion: any })).rejects.toMatchObject({
    fields: [{ pointer: '/claims/0/evidence/0/version' }],
  });
});
