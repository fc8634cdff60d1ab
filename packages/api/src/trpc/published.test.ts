import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { createClient } from '../client.ts';

const study = { portfolio: 'team', slug: 'public' };
let api: TestApi;
let key: string;

beforeAll(async () => {
  api = await testApi();
  key = await api.issueKey('owner');
  const owner = createClient({ baseUrl: api.baseUrl, apiKey: key });
  await owner.portfolio.create.mutate({ slug: 'team', name: 'Team' });
  const { version } = await owner.caseStudy.create.mutate({ ...study, title: 'For all' });
  await owner.caseStudy.publish.mutate({ ...study, expectedVersion: version });
  await owner.caseStudy.create.mutate({ portfolio: 'team', slug: 'draft', title: 'Not yet' });
});
afterAll(() => api.stop());

const stranger = () => createClient({ baseUrl: api.baseUrl });
const call = (procedure: string, input: object, init = {}) =>
  api.call('GET', `/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`, init);

test('a stranger gets over the cache what a member gets without it', async () => {
  const owner = createClient({ baseUrl: api.baseUrl, apiKey: key });
  expect(await stranger().caseStudy.read.query(study)).toEqual(await owner.caseStudy.read.query(study));
});

test('calls of one moment are answered in their order, each by itself', async () => {
  const client = stranger();
  const [portfolio, read, draft] = await Promise.allSettled([
    client.portfolio.read.query({ portfolio: 'team' }),
    client.caseStudy.read.query(study),
    client.caseStudy.read.query({ portfolio: 'team', slug: 'draft' }),
  ]);
  expect(portfolio).toMatchObject({ value: { slug: 'team' } });
  expect(read).toMatchObject({ value: { slug: 'public' } });
  expect(draft).toMatchObject({ status: 'rejected', reason: { data: { problem: { code: 'not_found' } } } });
});

test('a stranger sees a change as soon as it is confirmed', async () => {
  const owner = createClient({ baseUrl: api.baseUrl, apiKey: key });
  for (const summary of ['First', 'Second', 'Third']) {
    await owner.caseStudy.update.mutate({ ...study, summary, expectedVersion: '*' });
    expect(await stranger().caseStudy.read.query(study)).toMatchObject({ summary });
  }
});

test.each([
  ['caseStudy.read', { portfolio: 'team' }, 'invalid_input'],
  ['caseStudy.read', { portfolio: 'team', slug: 'none' }, 'not_found'],
  ['job.list', {}, 'unauthenticated'],
  ['constructor.constructor', {}, 'not_found'],
])('what %s refuses of %j is refused as ever', async (procedure, input, code) => {
  const answer = (await (await call(procedure, input)).json()) as object;
  expect(answer).toMatchObject({ error: { data: { problem: { code } } } });
});

test('a bad credential is refused where none would have done', async () => {
  expect((await call('caseStudy.read', study, { key: 'pk_unknown' })).status).toBe(401);
});
