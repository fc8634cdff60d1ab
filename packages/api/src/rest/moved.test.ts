import { operations } from '@portfolio/core';
import type { Problem } from '@portfolio/core/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { user } from '../../../../tests/support/services.ts';
import { createClient } from '../client.ts';
import { problemOf } from '../client/errors.ts';

const png = Buffer.from('89504e470d0a1a0a0102', 'hex').toString('base64');
const any = '*' as const;

let api: TestApi;
let key: string;
let outsiders: string;
beforeAll(async () => {
  api = await testApi();
  [key, outsiders] = [await api.issueKey('owner'), await api.issueKey('non-member')];
});
afterAll(() => api.stop());

const ctx = () => api.as(user('owner'));
let count = 0;
const fresh = (word: string) => `${word}-${(count += 1)}`;

/** A public portfolio with a published study that cites and shows what can be renamed. */
async function createOpen() {
  const portfolio = fresh('open');
  await operations.portfolio.create.run(ctx(), { slug: portfolio, name: 'Open' });
  const { url } = await operations.image.upload.run(ctx(), { portfolio, bytes: png });
  await operations.evidence.create.run(ctx(), { portfolio, slug: 'report', title: 'Report' });
  await operations.artifact.create.run(ctx(), { portfolio, slug: 'tool', kind: 'script', title: 'Tool' });
  const metric = { portfolio, key: 'latency', name: 'L', unit: 'ms', betterWhen: 'down' as const };
  await operations.metric.define.run(ctx(), metric);
  const year = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };
  const study = { portfolio, slug: 'study' };
  await operations.caseStudy.create.run(ctx(), {
    ...study,
    title: 'Study',
    body: `![](${url})`,
    claims: [
      { key: 'so', statement: 'So.', evidence: [{ slug: 'report' }], metric: { key: 'latency', ...year } },
    ],
    artifacts: ['tool'],
  });
  await operations.caseStudy.publish.run(ctx(), { ...study, expectedVersion: any });
  return { portfolio, study, image: url, at: `/api/v1/portfolios/${portfolio}` };
}

const renamePortfolio = (portfolio: string, newSlug: string) =>
  operations.portfolio.update.run(ctx(), { portfolio, newSlug, expectedVersion: any });

/** Status and address of an answer that is not followed. */
async function answerOf(path: string, caller: { key?: string } = {}, method = 'GET', json?: object) {
  const response = await api.call(method, path, {
    ...caller,
    ...(json && { json, headers: { 'if-match': '*' } }),
  });
  return [response.status, response.headers.get('location')];
}
const moved = (to: string) => [308, to];

describe('the former address', () => {
  test('of a portfolio leads to the present one, with the rest of it and the query, for every reader', async () => {
    const { portfolio, at } = await createOpen();
    const newSlug = fresh('renamed');
    expect((await answerOf(at))[0]).toBe(200);
    await renamePortfolio(portfolio, newSlug);
    const now = `/api/v1/portfolios/${newSlug}`;
    for (const caller of [{}, { key }, { key: outsiders }]) {
      expect(await answerOf(at, caller)).toEqual(moved(now));
      const rest = '/case-studies?limit=1&tag=a';
      expect(await answerOf(at + rest, caller)).toEqual(moved(now + rest));
    }
    expect(await (await fetch(`${api.baseUrl}${at}/case-studies/study`)).json()).toMatchObject({
      portfolio: newSlug,
      title: 'Study',
    });
  });

  test('of a portfolio without published content leads nobody there but its members', async () => {
    const slug = fresh('closed');
    await operations.portfolio.create.run(ctx(), { slug, name: 'Closed' });
    const newSlug = fresh('renamed');
    await renamePortfolio(slug, newSlug);
    const at = `/api/v1/portfolios/${slug}`;
    expect(await answerOf(at, { key })).toEqual(moved(`/api/v1/portfolios/${newSlug}`));
    for (const caller of [{}, { key: outsiders }]) {
      const response = await api.call('GET', at, caller);
      expect([response.status, (await response.text()).includes(newSlug)]).toEqual([404, false]);
    }
  });

  test.each([
    ['case-studies/study', 'caseStudy', { slug: 'study', newSlug: 'study-2' }, 'case-studies/study-2'],
    ['evidence/report', 'evidence', { slug: 'report', newSlug: 'report-2' }, 'evidence/report-2'],
    ['artifacts/tool', 'artifact', { slug: 'tool', newSlug: 'tool-2' }, 'artifacts/tool-2'],
    ['metrics/latency', 'metric', { key: 'latency', newKey: 'latency-2' }, 'metrics/latency-2'],
  ] as const)('of %s leads to the present one', async (path, noun, change, then) => {
    const { portfolio, at } = await createOpen();
    expect((await answerOf(`${at}/${path}`))[0]).toBe(200);
    const update = operations[noun].update as { run(ctx: unknown, input: object): Promise<unknown> };
    await update.run(ctx(), { portfolio, ...change, expectedVersion: any });
    for (const caller of [{}, { key }]) {
      expect(await answerOf(`${at}/${path}`, caller)).toEqual(moved(`${at}/${then}`));
      expect((await answerOf(`${at}/${then}`, caller))[0]).toBe(200);
    }
    expect(await answerOf(`${at}/${path}`, { key }, 'PATCH', {})).toEqual(moved(`${at}/${then}`));
  });

  test('of a draft is not found by outside readers', async () => {
    const { portfolio, at } = await createOpen();
    await operations.caseStudy.create.run(ctx(), { portfolio, slug: 'draft', title: 'Draft' });
    const rename = { portfolio, slug: 'draft', newSlug: 'secret-name', expectedVersion: any };
    await operations.caseStudy.update.run(ctx(), rename);
    const response = await api.call('GET', `${at}/case-studies/draft`);
    expect([response.status, (await response.text()).includes('secret-name')]).toEqual([404, false]);
    expect(await answerOf(`${at}/case-studies/draft`, { key })).toEqual(
      moved(`${at}/case-studies/secret-name`),
    );
  });

  test('over tRPC is an error with the present slug, and the status of what is not there', async () => {
    const { portfolio } = await createOpen();
    const newSlug = fresh('renamed');
    await renamePortfolio(portfolio, newSlug);
    const client = createClient({ baseUrl: api.baseUrl, apiKey: key });
    const error: unknown = await client.portfolio.read
      .query({ portfolio })
      .catch((thrown: unknown) => thrown);
    expect(problemOf(error)).toMatchObject({ code: 'moved', moved: { field: 'portfolio', to: newSlug } });
  });

  test('of an image in Markdown still shows it', async () => {
    const { portfolio, image } = await createOpen();
    await renamePortfolio(portfolio, fresh('renamed'));
    const response = await fetch(api.baseUrl + image);
    expect([response.status, Buffer.from(await response.bytes()).toString('base64')]).toEqual([200, png]);
  });

  test('is stored by nobody, since the slug may be given to something else', async () => {
    const { portfolio, at } = await createOpen();
    await renamePortfolio(portfolio, fresh('renamed'));
    const response = await api.call('GET', at);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect((await response.json()) as Problem).toMatchObject({ code: 'moved', status: 308 });
  });
});

describe('a renamed portfolio', () => {
  test('gets its slug back, after which nothing is redirected', async () => {
    const { portfolio, at } = await createOpen();
    const newSlug = fresh('renamed');
    await renamePortfolio(portfolio, newSlug);
    await renamePortfolio(newSlug, portfolio);
    expect((await answerOf(at))[0]).toBe(200);
    expect(await answerOf(`/api/v1/portfolios/${newSlug}`)).toEqual(moved(at));
  });

  test('keeps its former slugs from others, who could take its readers', async () => {
    const { portfolio } = await createOpen();
    await renamePortfolio(portfolio, fresh('renamed'));
    const other = api.as(user('other'));
    const conflict = { code: 'conflict' };
    const mine = await operations.portfolio.create.run(other, { slug: fresh('mine'), name: 'Mine' });
    await expect(
      operations.portfolio.create.run(other, { slug: portfolio, name: 'Taken' }),
    ).rejects.toMatchObject(conflict);
    for (const newSlug of [portfolio, (await createOpen()).portfolio]) {
      const rename = { portfolio: mine.slug, newSlug, expectedVersion: any };
      await expect(operations.portfolio.update.run(other, rename)).rejects.toMatchObject(conflict);
    }
  });

  test('is renamed by its owners only', async () => {
    const { portfolio } = await createOpen();
    const rename = { portfolio, newSlug: fresh('stolen'), expectedVersion: any };
    const { id } = await operations.portfolio.read.run(ctx(), { portfolio });
    await api.addMember(id, `editor-of-${portfolio}`, 'editor');
    for (const subject of [`editor-of-${portfolio}`, 'non-member']) {
      await expect(operations.portfolio.update.run(api.as(user(subject)), rename)).rejects.toMatchObject({
        code: 'forbidden',
      });
    }
  });
});

describe('a renamed study', () => {
  test('leaves its slug to others, which wins over the redirect until it is gone', async () => {
    const { portfolio, study, at } = await createOpen();
    const path = `${at}/case-studies/study`;
    await operations.caseStudy.update.run(ctx(), { ...study, newSlug: 'first', expectedVersion: any });
    const second = await operations.caseStudy.create.run(ctx(), { ...study, title: 'Second' });
    expect(await (await api.call('GET', path, { key })).json()).toMatchObject({ id: second.id });
    await operations.caseStudy.delete.run(ctx(), { ...study, expectedVersion: any });
    expect(await answerOf(path, { key })).toEqual(moved(`${at}/case-studies/first`));
    const taken = { portfolio, slug: 'first', newSlug: 'first', expectedVersion: any };
    expect(await operations.caseStudy.update.run(ctx(), taken)).toMatchObject({ slug: 'first' });
  });

  test('cannot have the slug of another, and then keeps its own', async () => {
    const { portfolio, study } = await createOpen();
    await operations.caseStudy.create.run(ctx(), { portfolio, slug: 'other', title: 'Other' });
    const rename = { ...study, newSlug: 'other', title: 'New', expectedVersion: any };
    await expect(operations.caseStudy.update.run(ctx(), rename)).rejects.toMatchObject({ code: 'conflict' });
    expect(await operations.caseStudy.read.run(ctx(), study)).toMatchObject({ title: 'Study' });
  });

  test('adds no revision, but a version', async () => {
    const { study } = await createOpen();
    const before = await operations.caseStudy.read.run(ctx(), study);
    const rename = { ...study, newSlug: 'renamed', expectedVersion: before.version };
    const after = await operations.caseStudy.update.run(ctx(), rename);
    expect(after).toMatchObject({ slug: 'renamed', revision: before.revision });
    expect(after.version).toBeGreaterThan(before.version);
  });

  test('restores a revision whose evidence, artifact and metric were renamed since', async () => {
    const { portfolio, study } = await createOpen();
    const { claims, artifacts } = await operations.caseStudy.read.run(ctx(), study);
    await operations.caseStudy.update.run(ctx(), {
      ...study,
      claims: [],
      artifacts: [],
      expectedVersion: any,
    });
    const at = { portfolio, expectedVersion: any };
    await operations.evidence.update.run(ctx(), { ...at, slug: 'report', newSlug: 'paper' });
    await operations.artifact.update.run(ctx(), { ...at, slug: 'tool', newSlug: 'program' });
    await operations.metric.update.run(ctx(), { ...at, key: 'latency', newKey: 'delay' });
    const restored = await operations.caseStudy.restore.run(ctx(), {
      ...study,
      number: 1,
      expectedVersion: any,
    });
    expect(artifacts).toEqual(['tool']);
    expect(restored.artifacts).toEqual(['program']);
    expect(restored.claims).toEqual([
      {
        ...claims[0],
        evidence: [{ ...claims[0]!.evidence[0], slug: 'paper' }],
        metric: { ...claims[0]!.metric, key: 'delay' },
      },
    ]);
  });
});

test('a portfolio in the bin is not answered from the cache, nor is it by its former address', async () => {
  const { portfolio, at } = await createOpen();
  const slug = fresh('renamed');
  await renamePortfolio(portfolio, slug);
  const path = `/api/v1/portfolios/${slug}/case-studies/study`;
  const statuses = async () => [
    (await api.call('GET', path)).status,
    (await api.call('GET', `${at}/case-studies/study`)).status,
  ];
  expect(await statuses()).toEqual([200, 308]);
  const named = { portfolio: slug, confirm: slug };
  await operations.portfolio.delete.run(ctx(), { ...named, expectedVersion: any });
  expect(await statuses()).toEqual([404, 404]);
  await operations.portfolio.undelete.run(ctx(), { portfolio: slug });
  expect(await statuses()).toEqual([200, 308]);
});
