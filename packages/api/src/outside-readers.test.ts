import { allOperations } from '@portfolio/core';
import { type Actor, anonymous } from '@portfolio/core/actor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { type Place, createPlace, examples } from '../../../tests/support/examples.ts';
import { user } from '../../../tests/support/services.ts';
import { createClient } from './client.ts';

const sourceUrl = 'https://source.example/figures.csv?token=SECRET#SECRET';
const shown = 'https://source.example/figures.csv';
const fetchedFrom = 'https://cdn.example/SECRET/figures.csv?X-Amz-Signature=SECRET';
const owner = user('owner');
const path = '/api/v1/portfolios/open/evidence/report';

let api: TestApi;
let place: Place;
let ownersKey: string;
let outsidersKey: string;
beforeAll(async () => {
  api = await testApi();
  place = await createPlace(api, 'open');
  await run('caseStudy.publish', owner, { portfolio: 'open', slug: place.slug, expectedVersion: '*' });
  ownersKey = await api.issueKey('owner');
  outsidersKey = await api.issueKey('non-member');
  await api.ownerSql`update evidence set source_url = ${sourceUrl} where slug = 'report'`;
  await api.ownerSql`update evidence_versions set fetched_from = ${fetchedFrom}`;
});
afterAll(() => api.stop());

function run(name: string, actor: Actor, input: object): Promise<unknown> {
  const operation = allOperations.find((one) => one.name === name)!;
  return operation.run(api.as(actor), input as never);
}

/** An answer of provenance with one citation. */
const cited = (seen: object, source: string) => ({
  claims: [{ evidence: [{ sourceUrl: source, seen }] }, {}],
});

/** The status of a read by a client that has the answer with this ETag. */
async function statusIfNot(etag: string, key?: string) {
  const known = { headers: { 'if-none-match': etag } };
  return (await api.call('GET', path, { ...known, ...(key !== undefined && { key }) })).status;
}

const publicQueries = allOperations.filter((one) => one.public && one.kind === 'query');

test.each(publicQueries.map(({ name }) => name))(
  '%s shows outside readers no key in the address of a source, and no address after redirects',
  async (name) => {
    const input = examples[name]!.input(place);
    for (const actor of [anonymous, user('non-member'), user('owner', ['job:read'])]) {
      const outcome = await run(name, actor, input).catch((error: Error) => error.message);
      expect(JSON.stringify(outcome)).not.toContain('SECRET');
    }
  },
);

test('outside readers see the source and how the bytes came; members see the addresses', async () => {
  const latest = { origin: 'source', fetchedFrom: null };
  const at = { portfolio: 'open', slug: 'report' };
  const forOthers = { sourceUrl: shown, latest };
  const forMembers = { sourceUrl, latest: { origin: 'source', fetchedFrom } };
  expect(await run('evidence.read', anonymous, at)).toMatchObject(forOthers);
  expect(await run('evidence.read', user('non-member'), at)).toMatchObject(forOthers);
  expect(await run('evidence.read', owner, at)).toMatchObject(forMembers);
  const study = { portfolio: 'open', slug: place.slug };
  expect(await run('caseStudy.provenance', anonymous, study)).toMatchObject(cited(latest, shown));
  expect(await run('caseStudy.provenance', owner, study)).toMatchObject(
    cited({ origin: 'source', fetchedFrom }, sourceUrl),
  );
});

test('the two views have different ETags, so that neither is taken for the other', async () => {
  const tagOf = async (key?: string) => {
    const response = await api.call('GET', path, { ...(key !== undefined && { key }) });
    expect(await response.text()).toContain(key === ownersKey ? 'SECRET' : shown);
    return response.headers.get('etag')!;
  };
  const [forMembers, forOthers] = [await tagOf(ownersKey), await tagOf()];
  expect(forOthers).not.toBe(forMembers);
  expect(await tagOf(outsidersKey)).toBe(forOthers);
  expect([await statusIfNot(forOthers), await statusIfNot(forMembers)]).toEqual([304, 200]);
  expect([await statusIfNot(forMembers, ownersKey), await statusIfNot(forOthers, ownersKey)]).toEqual([
    304, 200,
  ]);
});

test('a cached answer to anonymous readers is never that of a member, over REST and tRPC', async () => {
  for (const apiKey of [ownersKey, undefined, outsidersKey, ownersKey, undefined]) {
    const { evidence } = createClient({ baseUrl: api.baseUrl, apiKey });
    const read = await evidence.read.query({ portfolio: 'open', slug: 'report' });
    expect(read.sourceUrl).toBe(apiKey === ownersKey ? sourceUrl : shown);
    const response = await api.call('GET', path, { ...(apiKey !== undefined && { key: apiKey }) });
    expect(await response.json()).toEqual(read);
  }
});

test('a change may name the version by the ETag that a member read', async () => {
  const etag = (await api.call('GET', path, { key: ownersKey })).headers.get('etag')!;
  const change = { key: ownersKey, headers: { 'if-match': etag }, json: { title: 'Renamed' } };
  expect((await api.call('PATCH', path, change)).status).toBe(200);
});
