import { operations } from '@portfolio/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../../tests/support/api.ts';
import {
  type Place,
  type Routes,
  createPlace,
  examples,
  readRoutes,
} from '../../../../tests/support/examples.ts';
import { user } from '../../../../tests/support/services.ts';
import { simulateWorker } from '../../../../tests/support/simulate-worker.ts';

const owner = user('owner');
const elsewhere = 'https://elsewhere.example/sign-in?next=%2F#top';
let api: TestApi;
let place: Place;
let routes: Routes;
let key: string;
beforeAll(async () => {
  api = await testApi();
  place = await createPlace(api, 'open');
  const ctx = api.as(owner);
  const printed = { portfolio: 'open', slug: 'printed' };
  await operations.caseStudy.create.run(ctx, { ...printed, title: 'Printed' });
  const { version } = await operations.caseStudy.read.run(ctx, printed);
  const { id } = await operations.caseStudy.export.run(ctx, printed);
  await (await simulateWorker(api, id)).succeed(version);
  const linked = { portfolio: 'open', slug: 'linked' };
  await operations.artifact.create.run(ctx, { ...linked, kind: 'script', title: 'Linked' });
  await operations.artifact.addVersion.run(ctx, { ...linked, name: '1', referenceUrl: elsewhere });
  const study = { portfolio: 'open', slug: place.slug, expectedVersion: '*' as const };
  await operations.caseStudy.update.run(ctx, { ...study, artifacts: ['tool', 'linked'] });
  await operations.caseStudy.publish.run(ctx, study);
  routes = await readRoutes(api);
  key = await api.issueKey('owner');
});
afterAll(() => api.stop());

/** The answer of a GET to an operation, for its example input. */
function get(name: string) {
  const fields = new Map(Object.entries(examples[name]!.input(place)));
  const path = routes.get(name)!.path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = String(fields.get(field));
    fields.delete(field);
    return value;
  });
  return api.call('GET', `${path}?${new URLSearchParams(Object.fromEntries(fields)).toString()}`, { key });
}

test('every redirect leads to the bucket', async () => {
  const bucket = new URL(api.environment.AWS_ENDPOINT_URL).origin;
  const redirecting = [...routes].filter(([, { statuses }]) =>
    statuses.some((code) => code > 299 && code !== 304 && code !== 308),
  );
  const found: Record<string, string> = {};
  for (const [name] of redirecting) {
    const response = await get(name);
    found[name] = `${response.status} ${URL.parse(response.headers.get('location') ?? '')?.origin}`;
  }
  const names = ['artifact.content', 'caseStudy.pdf', 'evidence.content', 'image.read', 'job.result'];
  expect(found).toEqual(Object.fromEntries(names.map((name) => [name, `302 ${bucket}`])));
});

test('the address of a member is answered as JSON, and never followed in the name of the platform', async () => {
  for (const caller of [{}, { key }]) {
    const response = await api.call('GET', '/api/v1/portfolios/open/artifacts/linked/content', caller);
    expect([response.status, response.headers.get('location')]).toEqual([200, null]);
    expect(await response.json()).toMatchObject({ url: elsewhere, file: null, expiresAt: null });
  }
});
