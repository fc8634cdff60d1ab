import { operations } from '@portfolio/core';
import { scopeSchema } from '@portfolio/core/actor';
import { claims } from '@portfolio/core/case-study/case-study.sql';
import type { TestApi } from './api.ts';
import { playWorker } from './play-worker.ts';
import { user } from './services.ts';

const owner = user('owner');
const allScopes = scopeSchema.options;

/**
 * What operations are tried on: a portfolio with a study, an image that it shows, and a job that is done; `spare` is a
 * second study, of two revisions. On the metric `latency` a claim of the study rests; `spareMetrics` are to be deleted.
 * `jobs` failed or were cancelled. There is a PDF of the study `printed`.
 */
export type Place = {
  portfolio: string;
  slug: string;
  spare: string;
  sha256: string;
  id: string;
  spareMetrics: string[];
  apiKey: string;
  ownKey: string;
  jobs: { failed: string[]; cancelled: string[] };
};

const png = Buffer.from('89504e470d0a1a0a', 'hex').toString('base64');
let count = 0;
const fresh = () => `fresh-${++count}`;
/** What a call deletes, the next one cannot: they take turns. */
const oneOfTwo = (noun: string) => `${noun}-${++count % 2}`;
const freshTime = () => new Date(Date.parse('2026-04-01') + ++count).toISOString();
const year = { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
const noSamples = { from: '2025-01-01T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' };

/** For each operation an input that is good in a place, and whether it works in one portfolio. */
export const examples: Record<string, { input: (place: Place) => object; ofPortfolio: boolean }> = {
  'portfolio.create': { input: () => ({ slug: fresh(), name: 'Fresh' }), ofPortfolio: false },
  'portfolio.read': { input: ({ portfolio }) => ({ portfolio }), ofPortfolio: true },
  'portfolio.list': { input: () => ({ limit: 1 }), ofPortfolio: false },
  'portfolio.update': {
    input: ({ portfolio }) => ({ portfolio, tagline: 'New', expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'apiKey.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'apiKey.create': {
    input: ({ portfolio }) => ({ portfolio, name: 'New', scopes: ['job:read'], expiresAt: null }),
    ofPortfolio: true,
  },
  'apiKey.revoke': {
    input: ({ portfolio, apiKey }) => ({ portfolio, id: apiKey }),
    ofPortfolio: true,
  },
  'ownKey.list': { input: () => ({}), ofPortfolio: false },
  'ownKey.create': {
    input: () => ({ name: 'New', scopes: ['job:read'], expiresAt: null }),
    ofPortfolio: false,
  },
  'ownKey.revoke': { input: ({ ownKey }) => ({ id: ownKey }), ofPortfolio: false },
  'audit.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'member.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'member.read': { input: ({ portfolio }) => ({ portfolio, subject: 'viewer' }), ofPortfolio: true },
  'member.add': {
    input: ({ portfolio }) => ({ portfolio, subject: fresh(), role: 'editor' }),
    ofPortfolio: true,
  },
  'member.update': {
    input: ({ portfolio }) => ({ portfolio, subject: 'viewer', role: 'viewer', expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'member.remove': {
    input: ({ portfolio }) => ({ portfolio, subject: oneOfTwo('member'), expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'caseStudy.create': {
    input: ({ portfolio }) => ({
      portfolio,
      slug: fresh(),
      title: 'Fresh',
      tags: ['a'],
      period: { from: '2026-01' },
      claims: [{ key: 'faster', statement: 'Reads are faster.' }],
    }),
    ofPortfolio: true,
  },
  'caseStudy.read': { input: ({ portfolio, slug }) => ({ portfolio, slug }), ofPortfolio: true },
  'caseStudy.list': {
    input: ({ portfolio }) => ({ portfolio, limit: 1, sort: 'title' }),
    ofPortfolio: true,
  },
  'caseStudy.update': {
    input: ({ portfolio, slug }) => ({ portfolio, slug, summary: 'New', client: null, expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'caseStudy.publish': {
    input: ({ portfolio, slug }) => ({ portfolio, slug, expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'caseStudy.unpublish': {
    input: ({ portfolio, spare }) => ({ portfolio, slug: spare, expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'caseStudy.archive': {
    input: ({ portfolio, spare }) => ({ portfolio, slug: spare, expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'caseStudy.delete': {
    input: ({ portfolio }) => ({ portfolio, slug: oneOfTwo('study'), expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'caseStudy.revisions': {
    input: ({ portfolio, spare }) => ({ portfolio, slug: spare, limit: 1 }),
    ofPortfolio: true,
  },
  'caseStudy.revision': {
    input: ({ portfolio, spare }) => ({ portfolio, slug: spare, number: 2 }),
    ofPortfolio: true,
  },
  'caseStudy.diff': {
    input: ({ portfolio, spare }) => ({ portfolio, slug: spare, from: 1, to: 2 }),
    ofPortfolio: true,
  },
  'caseStudy.restore': {
    input: ({ portfolio, spare }) => ({ portfolio, slug: spare, number: 1, expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'caseStudy.export': { input: ({ portfolio, slug }) => ({ portfolio, slug }), ofPortfolio: true },
  'caseStudy.pdf': { input: ({ portfolio }) => ({ portfolio, slug: 'printed' }), ofPortfolio: true },
  'caseStudy.provenance': { input: ({ portfolio, slug }) => ({ portfolio, slug }), ofPortfolio: true },
  'portfolio.summary': { input: ({ portfolio }) => ({ portfolio }), ofPortfolio: true },
  'metric.define': {
    input: ({ portfolio }) => ({ portfolio, key: fresh(), name: 'Fresh', unit: 'ms', betterWhen: 'down' }),
    ofPortfolio: true,
  },
  'metric.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'metric.read': { input: ({ portfolio }) => ({ portfolio, key: 'latency' }), ofPortfolio: true },
  'metric.update': {
    input: ({ portfolio }) => ({ portfolio, key: 'latency', name: 'New', expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'metric.record': {
    input: ({ portfolio }) => ({ portfolio, key: 'latency', samples: [{ at: freshTime(), value: 1 }] }),
    ofPortfolio: true,
  },
  'metric.series': {
    input: ({ portfolio }) => ({ portfolio, key: 'latency', ...year, step: '1d', aggregate: 'p95' }),
    ofPortfolio: true,
  },
  'metric.compare': {
    input: ({ portfolio }) => ({ portfolio, key: 'latency', ...year, at: '2026-06-01T00:00:00.000Z' }),
    ofPortfolio: true,
  },
  'metric.deleteSamples': {
    input: ({ portfolio }) => ({ portfolio, key: 'latency', ...noSamples }),
    ofPortfolio: true,
  },
  'metric.delete': {
    input: ({ portfolio, spareMetrics }) => ({
      portfolio,
      key: spareMetrics.pop() ?? 'none-left',
      expectedVersion: '*',
    }),
    ofPortfolio: true,
  },
  'image.upload': { input: ({ portfolio }) => ({ portfolio, bytes: png }), ofPortfolio: true },
  'image.read': { input: ({ portfolio, sha256 }) => ({ portfolio, sha256 }), ofPortfolio: true },
  'job.list': { input: ({ portfolio }) => ({ portfolio, state: ['succeeded'] }), ofPortfolio: false },
  'job.read': { input: ({ id }) => ({ id }), ofPortfolio: true },
  'job.result': { input: ({ id }) => ({ id }), ofPortfolio: true },
  'job.events': { input: ({ id }) => ({ id }), ofPortfolio: true },
  'job.changes': { input: () => ({}), ofPortfolio: false },
  'job.cancel': { input: ({ jobs }) => ({ id: jobs.cancelled[0] }), ofPortfolio: true },
  // Only the first retry of a job is carried out, so each call has its own.
  'job.retry': {
    input: ({ jobs: { failed } }) => ({ id: failed[++count % failed.length] }),
    ofPortfolio: true,
  },
  // Of these, too, each call finds as many as the one before.
  'job.cancelMany': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'job.retryMany': {
    input: ({ portfolio }) => ({ portfolio, state: ['cancelled'], limit: 1 }),
    ofPortfolio: true,
  },
};

/** Makes a portfolio in which the examples work; its members are `owner`, `viewer` and two editors. */
export async function createPlace(api: TestApi, portfolio: string): Promise<Place> {
  const ctx = api.as(owner);
  const { id: portfolioId } = await operations.portfolio.create.run(ctx, {
    slug: portfolio,
    name: portfolio,
  });
  await api.addMember(portfolioId, 'viewer', 'viewer');
  for (const subject of ['member-0', 'member-1']) await api.addMember(portfolioId, subject, 'editor');
  const { sha256, url } = await operations.image.upload.run(ctx, { portfolio, bytes: png });
  const study = { portfolio, slug: 'study' };
  await operations.caseStudy.create.run(ctx, { ...study, title: 'Study', body: `![](${url})` });
  for (const slug of ['study-0', 'study-1']) {
    await operations.caseStudy.create.run(ctx, { portfolio, slug, title: 'Short-lived' });
  }
  const spare = { portfolio, slug: 'spare' };
  await operations.caseStudy.create.run(ctx, { ...spare, title: 'Spare' });
  await operations.caseStudy.update.run(ctx, { ...spare, body: 'More.', expectedVersion: '*' });
  const { id } = await operations.caseStudy.export.run(ctx, study);
  await (await playWorker(api, id)).succeed();
  const about = { name: 'Key', scopes: allScopes, expiresAt: null };
  const { id: apiKey } = await operations.apiKey.create.run(ctx, { ...about, portfolio });
  const { id: ownKey } = await operations.ownKey.create.run(ctx, about);
  const spareMetrics = await createMetrics(api, study);
  const jobs = await createJobs(api, study);
  return { ...study, spare: spare.slug, sha256, id, spareMetrics, apiKey, ownKey, jobs };
}

/** A metric on which a claim of the study rests, and others whose keys are returned. */
async function createMetrics(api: TestApi, study: { portfolio: string; slug: string }): Promise<string[]> {
  const ctx = api.as(owner);
  const { portfolio } = study;
  const spares = ['spare-1', 'spare-2'];
  const [latency] = await Promise.all(
    ['latency', ...spares].map((key) =>
      operations.metric.define.run(ctx, { portfolio, key, name: key, unit: 'ms', betterWhen: 'down' }),
    ),
  );
  const samples = [100, 80, 20].map((value, month) => ({
    at: new Date(Date.UTC(2026, month * 3)).toISOString(),
    value,
  }));
  await operations.metric.record.run(ctx, { portfolio, key: 'latency', samples });
  const { id: caseStudyId } = await operations.caseStudy.read.run(ctx, study);
  const rests = { metricId: latency!.id, metricFrom: year.from, metricTo: year.to };
  await api.db
    .insert(claims)
    .values({ caseStudyId, key: 'faster', position: 0, statement: 'It is faster.', ...rests });
  return spares;
}

/** Three jobs of each sort, since two calls change one each and are told that there are more. */
async function createJobs(api: TestApi, study: { portfolio: string; slug: string }) {
  const jobs: Record<'failed' | 'cancelled' | 'waiting', string[]> = {
    failed: [],
    cancelled: [],
    waiting: [],
  };
  const ctx = api.as(owner);
  for (const sort of [1, 2, 3].flatMap(() => ['failed', 'cancelled', 'waiting'] as const)) {
    const { id } = await operations.caseStudy.export.run(ctx, study);
    if (sort === 'failed') await (await playWorker(api, id)).fail();
    if (sort === 'cancelled') await operations.job.cancel.run(ctx, { id });
    jobs[sort].push(id);
  }
  return jobs;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Routes = Map<string, { method: Method; path: string; statuses: number[] }>;

/** Method and path of every documented route by the name of its operation, and the statuses of its success. */
export async function readRoutes(api: TestApi): Promise<Routes> {
  const response = await api.call('GET', '/api/openapi.json');
  type Described = { operationId: string; responses: Record<string, unknown> };
  const document = (await response.json()) as { paths: Record<string, Record<string, Described>> };
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, responses }]) => {
      const statuses = Object.keys(responses)
        .filter((code) => /^[23]\d\d$/.test(code))
        .map(Number);
      return [
        operationId.replace('_', '.'),
        { method: method.toUpperCase() as Method, path, statuses },
      ] as const;
    }),
  );
  if (new Set(found.map(([name]) => name)).size < found.length) throw new Error('Two routes have one name.');
  return new Map(found);
}
