import { operations } from '@portfolio/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import { user } from '../../../../tests/support/services.ts';

const path = '/api/v1/portfolios/team/audit';
const headers = { accept: 'application/x-ndjson' };

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await testApi();
  key = await api.issueKey('owner');
  await operations.portfolio.create.run(api.as(user('owner')), { slug: 'team', name: 'Team' });
  await api.ownerSql`
    insert into audit_log (id, portfolio_id, actor, action, target, fields)
    select 'aud_01k6dy9v5re3q8mhxwz2c4' || lpad(n::text, 4, '0'), p.id, 'owner', 'caseStudy.create', 'study-' || n % 2, '{}'
    from portfolios p, generate_series(1, 250) as n where p.slug = 'team'`;
});
afterAll(() => api.stop());

async function lines(query = '') {
  const answer = await api.call('GET', path + query, { key, headers });
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  const text = await answer.text();
  expect(text.at(-1)).toBe('\n');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; target: string });
}

test('the whole log is sent as lines of JSON, each entry once and newest first, whatever the page size', async () => {
  const all = await lines('?limit=3');
  expect(all).toHaveLength(251);
  expect(new Set(all.map(({ id }) => id)).size).toBe(251);
  const page = await api.call('GET', `${path}?limit=100`, { key });
  expect(all.slice(0, 100)).toEqual(((await page.json()) as { items: unknown[] }).items);
});

test('filters apply to all lines', async () => {
  expect(await lines('?target=study-1')).toHaveLength(125);
  expect(new Set((await lines('?target=study-1')).map(({ target }) => target))).toEqual(new Set(['study-1']));
});

test('one is refused as any other request, with its status', async () => {
  const guest = await api.issueKey('guest');
  expect((await api.call('GET', path, { key: guest, headers })).status).toBe(404);
  expect((await api.call('GET', `${path}?from=yesterday`, { key, headers })).status).toBe(422);
  expect((await api.call('HEAD', path, { key, headers })).status).toBe(200);
  expect((await api.call('GET', '/api/v1/portfolios', { headers })).status).toBe(406);
});
