import { operations } from '@portfolio/core';
import { roleScopes, scopeSchema } from '@portfolio/core/actor';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import type { ErrorCode, Problem } from '@portfolio/core/errors';
import type { AnyOperation } from '@portfolio/core/operation';
import { TRPCClientError } from '@trpc/client';
import type { HTTPMethods } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { newId } from '@portfolio/core/ids';
import { playWorker } from '../../../tests/support/play-worker.ts';
import { user } from '../../../tests/support/services.ts';
import { bytesOf, describeFile, upload } from '../../../tests/support/upload.ts';
import { createClient } from './client.ts';
import { appRouter } from './trpc/router.ts';

const all: AnyOperation[] = Object.values(operations).flatMap((verbs) => Object.values(verbs));

const allScopes = scopeSchema.options;

/**
 * What operations are tried on: a portfolio with a study, what it shows, files to use up, and a job that is done;
 * `spare` is a second study, of two revisions. A claim of the study rests on the metric `latency`. `jobs` failed or
 * were cancelled. There is a PDF of the study `printed`.
 */
type Place = {
  portfolio: string;
  slug: string;
  spare: string;
  sha256: string;
  id: string;
  uploads: string[];
  apiKey: string;
  ownKey: string;
  jobs: { failed: string[]; cancelled: string[] };
  webhook: string;
  spareWebhooks: string[];
  delivery: string;
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
const examples: Record<string, { input: (place: Place) => object; ofPortfolio: boolean }> = {
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
  'webhook.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'webhook.create': {
    input: ({ portfolio }) => ({ portfolio, url: 'https://example.com/hook', events: ['job.failed'] }),
    ofPortfolio: true,
  },
  'webhook.read': { input: ({ portfolio, webhook: id }) => ({ portfolio, id }), ofPortfolio: true },
  'webhook.update': {
    input: ({ portfolio, webhook: id }) => ({ portfolio, id, enabled: true, expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'webhook.delete': {
    input: ({ portfolio, spareWebhooks }) => ({
      portfolio,
      id: spareWebhooks[++count % 2],
      expectedVersion: '*',
    }),
    ofPortfolio: true,
  },
  'webhook.rotateSecret': {
    input: ({ portfolio, webhook: id }) => ({ portfolio, id, expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'webhook.test': { input: ({ portfolio, webhook: id }) => ({ portfolio, id }), ofPortfolio: true },
  'webhook.deliveries': {
    input: ({ portfolio, webhook: id }) => ({ portfolio, id, state: 'delivered' }),
    ofPortfolio: true,
  },
  'webhook.delivery': {
    input: ({ portfolio, webhook: id, delivery }) => ({ portfolio, id, delivery }),
    ofPortfolio: true,
  },
  'webhook.redeliver': {
    input: ({ portfolio, webhook: id, delivery }) => ({ portfolio, id, delivery }),
    ofPortfolio: true,
  },
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
  ...examplesOfEvidence(),
  ...examplesOfArtifacts(),
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
    input: ({ portfolio }) => ({ portfolio, key: oneOfTwo('metric'), expectedVersion: '*' }),
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

function report({ portfolio }: Place) {
  return { portfolio, slug: 'report' };
}

function tool({ portfolio }: Place) {
  return { portfolio, slug: 'tool' };
}

function examplesOfEvidence(): typeof examples {
  const inputs: Record<string, (place: Place) => object> = {
    upload: ({ portfolio }) => ({ portfolio, ...describeFile(bytesOf('report')) }),
    create: ({ portfolio }) => ({
      portfolio,
      slug: fresh(),
      title: 'Fresh',
      sourceUrl: 'https://a.example/',
    }),
    list: ({ portfolio }) => ({ portfolio, standing: 'fresh', limit: 1 }),
    read: report,
    update: (place) => ({ ...report(place), title: 'New', freshForSeconds: 3600, expectedVersion: '*' }),
    delete: ({ portfolio }) => ({ portfolio, slug: oneOfTwo('evidence'), expectedVersion: '*' }),
    addVersion: (place) => ({ ...report(place), uploadId: place.uploads.pop() ?? newId('upload') }),
    versions: (place) => ({ ...report(place), limit: 1 }),
    content: (place) => ({ ...report(place), version: 1 }),
    verify: report,
    sync: ({ portfolio }) => ({ portfolio, slug: 'sourced' }),
  };
  return examplesOf('evidence', inputs);
}

function examplesOfArtifacts(): typeof examples {
  const referenceUrl = 'https://git.example/tool';
  const inputs: Record<string, (place: Place) => object> = {
    upload: ({ portfolio }) => ({ portfolio, ...describeFile(bytesOf('tool')) }),
    create: ({ portfolio }) => ({ portfolio, slug: fresh(), kind: 'script', title: 'Fresh', licence: 'MIT' }),
    list: ({ portfolio }) => ({ portfolio, kind: 'script', limit: 1 }),
    read: tool,
    update: (place) => ({ ...tool(place), title: 'New', licence: null, expectedVersion: '*' }),
    delete: ({ portfolio }) => ({ portfolio, slug: oneOfTwo('artifact'), expectedVersion: '*' }),
    addVersion: (place) => ({ ...tool(place), name: fresh(), referenceUrl }),
    versions: (place) => ({ ...tool(place), limit: 1 }),
    content: (place) => ({ ...tool(place), version: '1.0.0' }),
  };
  return examplesOf('artifact', inputs);
}

function examplesOf(noun: string, inputs: Record<string, (place: Place) => object>): typeof examples {
  const named = Object.entries(inputs).map(([verb, input]) => [
    `${noun}.${verb}`,
    { input, ofPortfolio: true },
  ]);
  return Object.fromEntries(named) as typeof examples;
}

const owner = user('owner');
let api: TestApi;
let secret: Place;
let open: Place;
let routes: Map<string, { method: HTTPMethods; path: string; statuses: number[] }>;
const keys: Record<string, string> = {};

beforeAll(async () => {
  api = await testApi();
  secret = await createPlace('secret');
  open = await createPlace('open');
  await operations.caseStudy.publish.run(api.as(owner), {
    portfolio: open.portfolio,
    slug: open.slug,
    expectedVersion: '*',
  });
  await printStudy('secret', false);
  await printStudy('open', true);
  routes = await readRoutes();
  keys.owner = await api.issueKey('owner');
  keys.stranger = await api.issueKey('stranger');
  keys.viewer = await api.issueKey('viewer');
  for (const scope of allScopes) {
    keys[`without ${scope}`] = await api.issueKey(
      'owner',
      allScopes.filter((other) => other !== scope),
    );
  }
  const elsewhere = { slug: 'elsewhere', name: 'Elsewhere' };
  const { id: portfolioId } = await operations.portfolio.create.run(api.as(user('stranger')), elsewhere);
  const about = { name: 'test', scopes: allScopes, expiresAt: null };
  keys.elsewhere = (await issueApiKey(api.db, { ...about, portfolioId })).secret;
});
afterAll(() => api.stop());

async function printStudy(portfolio: string, isPublished: boolean) {
  const ctx = api.as(owner);
  const study = { portfolio, slug: 'printed' };
  await operations.caseStudy.create.run(ctx, { ...study, title: 'Printed' });
  if (isPublished) await operations.caseStudy.publish.run(ctx, { ...study, expectedVersion: '*' });
  const { version } = await operations.caseStudy.read.run(ctx, study);
  const { id } = await operations.caseStudy.export.run(ctx, study);
  await (await playWorker(api, id)).succeed(version);
}

async function createPlace(portfolio: string): Promise<Place> {
  const ctx = api.as(owner);
  const { id: portfolioId } = await operations.portfolio.create.run(ctx, {
    slug: portfolio,
    name: portfolio,
  });
  await api.addMember(portfolioId, 'viewer', 'viewer');
  for (const subject of ['member-0', 'member-1']) await api.addMember(portfolioId, subject, 'editor');
  const { sha256, url } = await operations.image.upload.run(ctx, { portfolio, bytes: png });
  const study = { portfolio, slug: 'study' };
  await createMetrics(portfolio);
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
  const uploads = await createEvidenceAndArtifacts(portfolio);
  const jobs = await createJobs(study);
  return {
    ...study,
    spare: spare.slug,
    sha256,
    id,
    apiKey,
    ownKey,
    jobs,
    uploads,
    ...(await createWebhooks(portfolio)),
  };
}

/** Evidence and an artifact that the study shows, some to be deleted, and uploads of the same file to be taken. */
async function createEvidenceAndArtifacts(portfolio: string): Promise<string[]> {
  const ctx = api.as(owner);
  const { evidence, artifact } = operations;
  const sendReport = () => upload(ctx, portfolio, bytesOf('report'));
  const sourceUrl = 'https://a.example/';
  await evidence.create.run(ctx, { portfolio, slug: 'sourced', title: 'Sourced', sourceUrl });
  for (const at of ['0', '1']) {
    await evidence.create.run(ctx, { portfolio, slug: `evidence-${at}`, title: 'Spare' });
    await artifact.create.run(ctx, { portfolio, slug: `artifact-${at}`, kind: 'script', title: 'Spare' });
  }
  await evidence.create.run(ctx, { portfolio, slug: 'report', title: 'Report' });
  await evidence.addVersion.run(ctx, { portfolio, slug: 'report', uploadId: await sendReport() });
  await artifact.create.run(ctx, { portfolio, slug: 'tool', kind: 'script', title: 'Tool' });
  const uploadId = await sendReport();
  await artifact.addVersion.run(ctx, { portfolio, slug: 'tool', name: '1.0.0', uploadId });
  await operations.caseStudy.update.run(ctx, {
    portfolio,
    slug: 'study',
    claims: [
      { key: 'claim', statement: 'It is so.', evidence: [{ slug: 'report' }] },
      { key: 'faster', statement: 'It is faster.', metric: { key: 'latency', ...year } },
    ],
    artifacts: ['tool'],
    expectedVersion: '*',
  });
  return [await sendReport(), await sendReport()];
}

/** `latency`, which has samples, and two metrics to be deleted. */
async function createMetrics(portfolio: string) {
  const ctx = api.as(owner);
  for (const key of ['latency', 'metric-0', 'metric-1']) {
    await operations.metric.define.run(ctx, { portfolio, key, name: key, unit: 'ms', betterWhen: 'down' });
  }
  const samples = ['01', '04', '07'].map((month, value) => ({ at: `2026-${month}-01T00:00:00Z`, value }));
  await operations.metric.record.run(ctx, { portfolio, key: 'latency', samples });
}

/** Three jobs of each sort, since two calls change one each and are told that there are more. */
async function createJobs(study: { portfolio: string; slug: string }) {
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

async function createWebhooks(portfolio: string) {
  const ctx = api.as(owner);
  const about = { portfolio, url: 'https://example.com/hook', events: ['job.failed' as const] };
  const create = async () => (await operations.webhook.create.run(ctx, about)).id;
  const [webhook, spareWebhooks] = [await create(), [await create(), await create()]];
  const { id: delivery } = await operations.webhook.test.run(ctx, { portfolio, id: webhook });
  await api.sql`update webhook_deliveries set state = 'delivered' where id = ${delivery}`;
  return { webhook, spareWebhooks, delivery };
}

/** Method and path of every documented route by the name of its operation, and the status of its success. */
async function readRoutes() {
  const response = await api.call('GET', '/api/openapi.json');
  type Described = { operationId: string; responses: Record<string, unknown> };
  const document = (await response.json()) as { paths: Record<string, Record<string, Described>> };
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, responses }]) => {
      const statuses = Object.keys(responses)
        .filter((code) => /^[23]\d\d$/.test(code))
        .map(Number);
      return [operationId.replace('_', '.'), { method: method.toUpperCase(), path, statuses }] as const;
    }),
  );
  expect(new Set(found.map(([name]) => name)).size).toBe(found.length);
  return new Map(found);
}

/** What came of a call: a result, or the problem that it was refused with. */
type Outcome = { result: unknown } | { problem: Problem };

type Callable = {
  query(input: object): Promise<unknown>;
  mutate(input: object): Promise<unknown>;
  subscribe(
    input: object,
    watcher: { onData: (item: unknown) => void; onError: (error: unknown) => void; onComplete: () => void },
  ): { unsubscribe(): void };
};

/** Calls by the typed client. Of a stream, the first item counts. */
async function overTrpc({ name, kind }: AnyOperation, input: object, apiKey?: string): Promise<Outcome> {
  const client = createClient({ baseUrl: api.baseUrl, apiKey });
  const [noun, verb] = name.split('.') as [string, string];
  const callable = (client as unknown as Record<string, Record<string, Callable>>)[noun]![verb]!;
  try {
    if (kind === 'query') return { result: await callable.query(input) };
    if (kind === 'mutation') return { result: await callable.mutate(input) };
    return { result: await firstItem(callable, input) };
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    return { problem: (error.data as { problem: Problem }).problem };
  }
}

function firstItem(callable: Callable, input: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { unsubscribe } = callable.subscribe(input, {
      onData(item) {
        resolve(item);
        unsubscribe();
      },
      onError: reject,
      onComplete: () => reject(new Error('The stream ended without an item.')),
    });
  });
}

/** Calls by fetch, as the OpenAPI document says. */
async function overRest({ name, kind }: AnyOperation, input: object, key?: string): Promise<Outcome> {
  const { method, path, statuses } = routes.get(name)!;
  const fields = new Map<string, unknown>(Object.entries(input));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = encodeURIComponent(String(fields.get(field)));
    fields.delete(field);
    return value;
  });
  const expected = fields.get('expectedVersion');
  fields.delete('expectedVersion');
  const rest = Object.fromEntries(fields);
  const query = method === 'GET' ? `?${new URLSearchParams(rest as Record<string, string>).toString()}` : '';
  const response = await api.call(method, filled + query, {
    ...(key !== undefined && { key }),
    ...withHeaders(method === 'GET' ? {} : bodyOf(rest), expected === undefined ? {} : { 'if-match': '*' }),
  });
  if (response.status >= 400) return { problem: (await response.json()) as Problem };
  expect(statuses).toContain(response.status);
  if (response.status === 204) return { result: null };
  return { result: kind === 'subscription' ? await firstMessage(response) : await response.json() };
}

function withHeaders(init: RequestInit, headers: Record<string, string>): RequestInit {
  return { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } };
}

function bodyOf(fields: Record<string, unknown>): RequestInit & { json?: unknown } {
  if (!('bytes' in fields)) return Object.keys(fields).length > 0 ? { json: fields } : {};
  const body = Buffer.from(String(fields.bytes), 'base64');
  return { body, headers: { 'content-type': 'image/png' } };
}

async function firstMessage(response: Response): Promise<unknown> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const message = /^id: (.+)\ndata: (.+)\n\n/m.exec(text);
    if (message) return { id: message[1], data: JSON.parse(message[2]!) as unknown };
  }
  throw new Error('The stream ended without an item.');
}

/** Drops what differs between any two calls: signatures of links; after writes also ids, versions and times. */
function comparable(outcome: Outcome, { kind }: AnyOperation): unknown {
  const text = JSON.stringify(outcome, (key, value: unknown) => {
    if (key === 'expiresAt') return typeof value;
    // Of an upload's form, which holds a signature of its time.
    if (key === 'fields') return Object.keys(value as object).toSorted();
    if (kind === 'mutation' && /^(id|job|messageId|version)$|At$/.test(key)) return typeof value;
    if (typeof value !== 'string') return value;
    if (key === 'secret' || key === 'prefix') return value.length;
    if (kind === 'mutation' && key === 'detail') return value.replace(/job_\w{26}/, 'a job');
    return value.replace(/\?X-Amz.*$/, '').replaceAll(/fresh-\d+/g, 'fresh');
  });
  return JSON.parse(text);
}

/** A digest of all rows that calls may change, when nothing is on its way to the queue any more. */
async function contents(): Promise<unknown> {
  await api.doorbell.idle();
  const tables = await api.sql<{ name: string }[]>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' order by 1`;
  expect(tables.map(({ name }) => name)).toContain('case_studies');
  return Promise.all(
    tables.map(async ({ name }) => [
      name,
      // That a key was used is noted in the background.
      await api.sql`
        with rows as (select (to_jsonb(t) - 'last_used_at')::text as row from ${api.sql(name)} t)
        select md5(string_agg(row, '|' order by row)) from rows`,
    ]),
  );
}

type Caller = { who: string; key: string | undefined; place: Place; code: ErrorCode | null };

/** Who calls an operation where, and the code of the refusal; null where the caller is let in. */
function callersOf({ name, scope, public: isPublic }: AnyOperation): Caller[] {
  const { ofPortfolio } = examples[name]!;
  const inSecret = ofPortfolio ? 'not_found' : null;
  // Jobs are nobody's business, not even where the portfolio is known.
  const refused = /^job\.(?!.*Many)/.test(name) ? 'not_found' : 'forbidden';
  const inTheOpen = ofPortfolio && !isPublic ? refused : null;
  const { stranger, elsewhere, viewer, [`without ${scope}`]: unscoped } = keys;
  return [
    { who: 'nobody', key: undefined, place: secret, code: isPublic ? inSecret : 'unauthenticated' },
    { who: 'nobody', key: undefined, place: open, code: isPublic ? null : 'unauthenticated' },
    { who: 'an unknown key', key: 'pk_unknown', place: open, code: 'unauthenticated' },
    { who: 'unscoped', key: unscoped, place: secret, code: isPublic && !ofPortfolio ? null : 'forbidden' },
    { who: 'a stranger', key: stranger, place: secret, code: inSecret },
    { who: 'a stranger', key: stranger, place: open, code: inTheOpen },
    { who: 'the key of another portfolio', key: elsewhere, place: secret, code: inSecret },
    { who: 'the key of another portfolio', key: elsewhere, place: open, code: inTheOpen },
    {
      who: 'a viewer',
      key: viewer,
      place: secret,
      code: ofPortfolio && !roleScopes.viewer.includes(scope) ? 'forbidden' : null,
    },
  ];
}

/** What comes of the calls of these callers over each of the two, by caller. */
async function outcomesOf(operation: AnyOperation, callers: Caller[]) {
  const trpc: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const { who, key, place } of callers) {
    const at = `${who} in ${place.portfolio}`;
    const { input } = examples[operation.name]!;
    trpc[at] = comparable(await overTrpc(operation, input(place), key), operation);
    rest[at] = comparable(await overRest(operation, input(place), key), operation);
  }
  return { trpc, rest };
}

test('every operation has an example here', () => {
  expect(Object.keys(examples).toSorted()).toEqual(all.map(({ name }) => name).toSorted());
});

test('every operation has one procedure, of its kind, and there are no others', () => {
  const { _def: definition } = appRouter;
  const procedures = Object.entries(
    definition.procedures as object as Record<string, { _def: { type: string } }>,
  );
  const kinds = procedures.map(([name, { _def: procedure }]) => [name, procedure.type]);
  expect(Object.fromEntries(kinds)).toEqual(Object.fromEntries(all.map(({ name, kind }) => [name, kind])));
});

test('every operation has one route, of a method that fits its kind, and there are no others', () => {
  expect([...routes.keys()].toSorted()).toEqual(all.map(({ name }) => name).toSorted());
  for (const { name, kind } of all) {
    const { method, path } = routes.get(name)!;
    expect(kind === 'mutation' ? ['POST', 'PUT', 'PATCH', 'DELETE'] : ['GET']).toContain(method);
    expect(api.server.hasRoute({ method, url: path.replaceAll(/\{(\w+)\}/g, ':$1') })).toBe(true);
  }
});

const named = all.map((operation) => [operation.name, operation] as const);

test.each(named)('%s gives the same result over tRPC and REST', async (_, operation) => {
  const place = open;
  const { trpc, rest } = await outcomesOf(operation, [
    { who: 'the owner', key: keys.owner, place, code: null },
  ]);
  expect(trpc['the owner in open']).toHaveProperty('result');
  expect(rest).toEqual(trpc);
});

test.each(named)('%s refuses the same callers over both, and changes nothing then', async (_, operation) => {
  const refused = callersOf(operation).filter(({ code }) => code !== null);
  const before = await contents();
  const { trpc, rest } = await outcomesOf(operation, refused);
  const expected = refused.map(({ who, place, code }) => [
    `${who} in ${place.portfolio}`,
    { problem: { code } },
  ]);
  expect(trpc).toMatchObject(Object.fromEntries(expected));
  expect(rest).toEqual(trpc);
  expect(await contents()).toEqual(before);
});

const queries = named.filter(([, { kind }]) => kind === 'query');

test.each(queries)('%s lets all others in, and gives them the same over both', async (_, operation) => {
  const admitted = callersOf(operation).filter(({ code }) => code === null);
  const { trpc, rest } = await outcomesOf(operation, admitted);
  for (const outcome of Object.values(trpc)) expect(outcome).toHaveProperty('result');
  expect(rest).toEqual(trpc);
});
