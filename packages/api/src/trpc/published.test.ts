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

const anonymousClient = () => createClient({ baseUrl: api.baseUrl });
const call = (procedure: string, input: object, init = {}) =>
  api.call('GET', `/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`, init);

test('an anonymous reader gets the same from the cache as a member without it', async () => {
  const owner = createClient({ baseUrl: api.baseUrl, apiKey: key });
  expect(await anonymousClient().caseStudy.read.query(study)).toEqual(
    await owner.caseStudy.read.query(study),
  );
});

test('the calls of a batch are answered in their order, and fail independently', async () => {
  const client = anonymousClient();
  const [portfolio, read, draft] = await Promise.allSettled([
    client.portfolio.read.query({ portfolio: 'team' }),
    client.caseStudy.read.query(study),
    client.caseStudy.read.query({ portfolio: 'team', slug: 'draft' }),
  ]);
  expect(portfolio).toMatchObject({ value: { slug: 'team' } });
  expect(read).toMatchObject({ value: { slug: 'public' } });
  expect(draft).toMatchObject({ status: 'rejected', reason: { data: { problem: { code: 'not_found' } } } });
});

test('an anonymous reader sees a change as soon as it is confirmed', async () => {
  const owner = createClient({ baseUrl: api.baseUrl, apiKey: key });
  for (const summary of ['First', 'Second', 'Third']) {
    await owner.caseStudy.update.mutate({ ...study, summary, expectedVersion: '*' });
    expect(await anonymousClient().caseStudy.read.query(study)).toMatchObject({ summary });
  }
});

test.each([
  ['caseStudy.read', { portfolio: 'team' }, 'invalid_input'],
  ['caseStudy.read', { portfolio: 'team', slug: 'none' }, 'not_found'],
  ['job.list', {}, 'unauthenticated'],
  ['constructor.constructor', {}, 'not_found'],
])('%s refuses %j in the same way as without the cache', async (procedure, input, code) => {
  const answer = (await (await call(procedure, input)).json()) as object;
  expect(answer).toMatchObject({ error: { data: { problem: { code } } } });
});

test('an invalid credential is refused even for a published read', async () => {
  expect((await call('caseStudy.read', study, { key: 'pk_unknown' })).status).toBe(401);
});
