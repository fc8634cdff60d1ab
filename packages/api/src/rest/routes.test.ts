import { operations } from '@portfolio/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { simulateWorker } from '../../../../tests/support/simulate-worker.ts';
import { secretOf } from '../../../../tests/support/invite.ts';
import { user } from '../../../../tests/support/services.ts';

const portfolios = '/api/v1/portfolios';
const png = Buffer.from('89504e470d0a1a0a00', 'hex');

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await testApi();
  key = await api.issueKey('owner');
  await operations.portfolio.create.run(api.as(user('owner')), { slug: 'team', name: 'Team' });
  await operations.caseStudy.create.run(api.as(user('owner')), {
    portfolio: 'team',
    slug: 'faster',
    title: 'Faster',
  });
});
afterAll(() => api.stop());

const accept = () => api.call('POST', `${portfolios}/team/case-studies/faster/exports`, { key });

test('the content of an artifact with a reference in any script has its address in ASCII', async () => {
  const artifacts = `${portfolios}/team/artifacts`;
  const json = { slug: 'module', kind: 'module', title: 'Module' };
  expect((await api.call('POST', artifacts, { key, json })).status).toBe(201);
  const version = { name: '1.0.0', referenceUrl: 'https://example.com/リリース' };
  expect((await api.call('POST', `${artifacts}/module/versions`, { key, json: version })).status).toBe(201);
  const found = await api.call('GET', `${artifacts}/module/content`, { key });
  expect(found.status).toBe(200);
  expect(await found.json()).toMatchObject({ ...version, url: new URL(version.referenceUrl).href });
});

describe('a created resource', () => {
  test.each([
    [portfolios, { slug: 'created', name: 'Created' }],
    [`${portfolios}/team/case-studies`, { slug: 'created', title: 'Created' }],
  ])('below %s is at its Location', async (path, json) => {
    const created = await api.call('POST', path, { key, json });
    expect(created.status).toBe(201);
    const location = created.headers.get('location')!;
    expect(location).toBe(`${path}/created`);
    expect(await (await api.call('GET', location, { key })).json()).toEqual(await created.json());
  });

  test('that is an image is at its Location, which redirects to a link that works without a key', async () => {
    const headers = { 'content-type': 'image/png' };
    const created = await api.call('POST', `${portfolios}/team/images`, { key, headers, body: png });
    expect(created.status).toBe(201);
    const found = await api.call('GET', created.headers.get('location')!, { key });
    expect(found.status).toBe(302);
    expect(found.headers.get('cache-control')).toBe('no-store');
    const image = await fetch(found.headers.get('location')!);
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await image.bytes())).toEqual(png);
  });
});

describe('a job', () => {
  test('that is accepted has a Location and a Retry-After', async () => {
    const accepted = await accept();
    expect(accepted.status).toBe(202);
    expect(Number(accepted.headers.get('retry-after'))).toBeGreaterThan(0);
    const job = (await accepted.json()) as { id: string };
    expect(accepted.headers.get('location')).toBe(`/api/v1/jobs/${job.id}`);
    const found = await api.call('GET', accepted.headers.get('location')!, { key });
    expect(await found.json()).toMatchObject({ id: job.id, state: 'queued' });
  });

  test('that succeeded redirects to its file, by a link that no cache stores', async () => {
    const location = (await accept()).headers.get('location')!;
    await (await simulateWorker(api, location.split('/').at(-1)!)).succeed();
    const result = await api.call('GET', `${location}/result`, { key });
    expect(result.status).toBe(302);
    expect(result.headers.get('cache-control')).toBe('no-store');
    const link = new URL(result.headers.get('location')!);
    expect(Number(link.searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(300);
    expect(await result.json()).toMatchObject({ fileName: 'study.pdf', url: link.href });
  });
});

test('HEAD answers as GET does, without a body', async () => {
  const [get, head] = await Promise.all(
    ['GET', 'HEAD'].map((method) => api.call(method, `${portfolios}/team`, { key })),
  );
  expect(head!.status).toBe(200);
  expect(head!.headers.get('content-length')).toBe(String((await get!.bytes()).length));
  expect(await head!.text()).toBe('');
  expect((await api.call('HEAD', `${portfolios}/nobody`, { key })).status).toBe(404);
});

describe('a list', () => {
  type Page = { items: { id: string; slug?: string }[]; nextCursor: string | null };
  let reader: string;
  const slugs = Array.from({ length: 7 }, (_, at) => `listed-${at}`);

  beforeAll(async () => {
    const ctx = api.as(user('reader'));
    reader = await api.issueKey('reader');
    for (const slug of slugs) await operations.portfolio.create.run(ctx, { slug, name: slug });
    const portfolio = slugs[0]!;
    for (const slug of slugs) await operations.caseStudy.create.run(ctx, { portfolio, slug, title: slug });
    for (const slug of slugs) await operations.caseStudy.export.run(ctx, { portfolio, slug });
  });

  async function pageOf(path: string, query: Record<string, string>): Promise<Page> {
    const response = await api.call('GET', `${path}?${new URLSearchParams(query).toString()}`, {
      key: reader,
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Page;
  }

  async function allPages(path: string, query: Record<string, string>): Promise<Page[]> {
    const pages = [await pageOf(path, query)];
    for (let cursor = pages[0]!.nextCursor; cursor !== null; cursor = pages.at(-1)!.nextCursor) {
      pages.push(await pageOf(path, { ...query, cursor }));
    }
    return pages;
  }

  test.each([
    ['portfolios, oldest first', portfolios, slugs],
    ['case studies, newest first', `${portfolios}/${slugs[0]}/case-studies`, slugs.toReversed()],
  ])('of %s has pages that contain each item once', async (_, path, order) => {
    const pages = await allPages(path, { limit: '3' });
    expect(pages.map(({ items }) => items.length)).toEqual([3, 3, 1]);
    expect(pages.flatMap(({ items }) => items.map(({ slug }) => slug))).toEqual(order);
  });

  test('of jobs has pages that contain each job once, newest first', async () => {
    const ids = (await allPages('/api/v1/jobs', { limit: '3' })).flatMap(({ items }) =>
      items.map(({ id }) => id),
    );
    expect(ids).toHaveLength(slugs.length);
    expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
  });

  async function count(query: Record<string, string>) {
    return (await pageOf('/api/v1/jobs', query)).items.length;
  }

  test('of jobs is filtered by portfolio and state', async () => {
    expect(await count({ portfolio: slugs[0]!, state: 'queued' })).toBe(7);
    expect(await count({ state: 'failed' })).toBe(0);
    expect(await count({ portfolio: slugs[1]! })).toBe(0);
    expect(await count({ portfolio: 'team' })).toBe(0);
  });

  test('that fits a page exactly has no next page', async () => {
    expect(await allPages(portfolios, { limit: '7' })).toHaveLength(1);
    expect((await pageOf(portfolios, { limit: '100' })).nextCursor).toBeNull();
  });

  test('contains no item twice when one is created between two pages', async () => {
    const path = `${portfolios}/${slugs[0]}/case-studies`;
    const first = await pageOf(path, { limit: '4' });
    const ctx = api.as(user('reader'));
    await operations.caseStudy.create.run(ctx, { portfolio: slugs[0]!, slug: 'newest', title: 'Newest' });
    const second = await pageOf(path, { limit: '4', cursor: first.nextCursor! });
    const seen = [...first.items, ...second.items].map(({ slug }) => slug);
    expect(seen).toEqual(slugs.toReversed());
  });
});

describe('a member', () => {
  test.each(['a/b', 'auth0|5f7c', 'ü?x=1#y', '%2F', '日本 語'])(
    'with the subject %j is read, changed and removed at its Location',
    async (subject) => {
      const invitations = `${portfolios}/team/invitations`;
      const made = await api.call('POST', invitations, { key, json: { role: 'viewer' } });
      expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store']);
      const { link } = (await made.json()) as { link: string };
      const added = await api.call('POST', '/api/v1/invitations/accept', {
        key: await api.issueKey(subject),
        json: { secret: secretOf({ link }) },
      });
      expect(added.status).toBe(201);
      const location = added.headers.get('location')!;
      const found = await api.call('GET', location, { key });
      expect(await found.json()).toMatchObject({ subject, role: 'viewer' });
      const headers = { 'if-match': found.headers.get('etag')! };
      const changed = await api.call('PATCH', location, { key, headers, json: { role: 'editor' } });
      expect(await changed.json()).toMatchObject({ subject, role: 'editor' });
      expect((await api.call('DELETE', location, { key, headers })).status).toBe(412);
      const removed = await api.call('DELETE', location, {
        key,
        headers: { 'if-match': changed.headers.get('etag')! },
      });
      expect(removed.status).toBe(204);
      expect((await api.call('GET', location, { key })).status).toBe(404);
    },
  );
});

describe('a representation of a case study', () => {
  const path = '/api/v1/portfolios/team/case-studies/formed';
  const as = (type: string, given: { key?: string } = {}) =>
    api.call('GET', path, { ...given, headers: { accept: type } });

  beforeAll(async () => {
    const json = { slug: 'formed', title: 'Formed', body: '# Here' };
    await api.call('POST', '/api/v1/portfolios/team/case-studies', { key, json });
    await api.call('POST', `${path}/publish`, { key, headers: { 'if-match': '*' } });
  });

  test('in Markdown has front matter and its own ETag', async () => {
    const [json, markdown] = [await as('application/json'), await as('text/markdown')];
    expect(markdown.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(markdown.headers.get('etag')).not.toBe(json.headers.get('etag'));
    expect(await markdown.text()).toMatch(/^---\n[\s\S]*title: "Formed"\n[\s\S]*---\n\n# Here$/);
  });

  test('in PDF is first a job, which all readers share, then a redirect to the file', async () => {
    const anonymous = await as('application/pdf');
    expect(anonymous.status).toBe(404);
    const first = await as('application/pdf', { key });
    expect(first.status).toBe(202);
    expect((await as('application/pdf', { key })).headers.get('location')).toBe(
      first.headers.get('location'),
    );
    const id = first.headers.get('location')!.split('/').at(-1)!;
    const jobs = async () =>
      ((await (await api.call('GET', '/api/v1/jobs', { key })).json()) as { items: unknown[] }).items.length;
    const before = await jobs();
    for (const at of [path, `${path}/pdf`]) {
      const headers = { accept: 'application/pdf' };
      expect((await api.call('HEAD', at, { key, headers })).status).toBe(405);
    }
    expect(await jobs()).toBe(before);
    const { version } = (await (await as('application/json')).json()) as { version: number };
    await (await simulateWorker(api, id)).succeed(version);
    for (const made of [await as('application/pdf', { key }), await as('application/pdf')]) {
      expect(made.status).toBe(302);
      expect(made.headers.get('location')).toContain('X-Amz-Signature');
    }
    const changed = { key, headers: { 'if-match': '*' }, json: { body: '# There' } };
    await api.call('PATCH', path, changed);
    expect((await as('application/pdf')).status).toBe(404);
  });

  test('that does not exist is refused with the available ones', async () => {
    const refused = await as('image/png');
    expect(refused.status).toBe(406);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('text/markdown') });
  });
});
