import { operations } from '@portfolio/core';
import { scopeSchema } from '@portfolio/core/actor';
import { newId } from '@portfolio/core/ids';
import type { TestApi } from './api.ts';
import { signIn } from './sign-in.ts';
import { secretOf } from './invite.ts';
import { simulateWorker } from './simulate-worker.ts';
import { user } from './services.ts';
import { bytesOf, describeFile, upload } from './upload.ts';

const owner = user('owner');
const allScopes = scopeSchema.options;

/**
 * The resources on which operations are tried: a portfolio with a study and its references, uploads to be used, and a
 * finished job. `spare` is a second study, with two revisions. A claim of the study is based on the metric `latency`.
 * `jobs` failed or were cancelled. The study `printed` has a PDF.
 */
export type Place = {
  portfolio: string;
  slug: string;
  spare: string;
  sha256: string;
  id: string;
  uploads: string[];
  openUpload: string;
  apiKey: string;
  ownKey: string;
  rotatedKey: string;
  rotatedOwnKey: string;
  session: string;
  jobs: { failed: string[]; cancelled: string[] };
  /** Jobs with a file that can be deleted, images that no study shows, and studies in the bin; two of each. */
  files: string[];
  spareImages: string[];
  binnedStudies: { undelete: string[]; purge: string[] };
  /** Portfolios to be deleted, and deleted ones; `resetBin` makes both so again. */
  deletable: string[];
  binned: string[];
  webhook: string;
  spareWebhooks: string[];
  delivery: string;
  /** An invitation to the portfolio with its secret, a revoked one, and secrets of invitations to other portfolios. */
  people: string[];
  invitations: { id: string; secret: string; revoked: string; elsewhere: string[] };
};

const png = Buffer.from('89504e470d0a1a0a', 'hex').toString('base64');
let count = 0;
const fresh = () => `fresh-${++count}`;
/** Calls that delete alternate between two resources, which are created again meanwhile. */
const oneOfTwo = (noun: string) => `${noun}-${++count % 2}`;
const oneOf = (pair: string[]) => pair[++count % 2]!;
const confirmed = (portfolio: string) => ({ portfolio, confirm: portfolio });
const freshTime = () => new Date(Date.parse('2026-04-01') + ++count).toISOString();
const year = { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
const noSamples = { from: '2025-01-01T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' };

type Example = {
  input: (place: Place) => object;
  ofPortfolio: boolean;
  /** True where it is about something of the owner, which nobody else finds. */
  ofOwner?: boolean;
  /** True where it is for people, and so for no key of a portfolio. */
  ofPerson?: boolean;
  /** The person who calls, by the input, where that is not the owner. */
  by?: (input: object) => string;
};

/** For each operation, a valid input, and whether the operation is about one portfolio, or about its owner. */
export const examples: Record<string, Example> = {
  'portfolio.create': { input: () => ({ slug: fresh(), name: 'Fresh' }), ofPortfolio: false },
  'portfolio.read': { input: ({ portfolio }) => ({ portfolio }), ofPortfolio: true },
  'portfolio.export': { input: ({ portfolio }) => ({ portfolio }), ofPortfolio: true },
  'portfolio.list': { input: () => ({ limit: 1 }), ofPortfolio: false },
  'portfolio.update': {
    input: ({ portfolio }) => ({ portfolio, tagline: 'New', expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'portfolio.delete': {
    input: ({ deletable }) => ({ ...confirmed(oneOf(deletable)), expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'portfolio.bin': { input: () => ({ limit: 1 }), ofPortfolio: false },
  'portfolio.undelete': { input: ({ binned }) => ({ portfolio: oneOf(binned) }), ofPortfolio: true },
  'portfolio.purge': { input: ({ binned }) => confirmed(oneOf(binned)), ofPortfolio: true },
  'apiKey.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'apiKey.create': {
    input: ({ portfolio }) => ({ portfolio, name: 'New', scopes: ['job:read'], expiresAt: null }),
    ofPortfolio: true,
  },
  'apiKey.revoke': {
    input: ({ portfolio, apiKey }) => ({ portfolio, id: apiKey }),
    ofPortfolio: true,
  },
  'apiKey.read': { input: ({ portfolio, apiKey }) => ({ portfolio, id: apiKey }), ofPortfolio: true },
  'apiKey.rotate': {
    input: ({ portfolio, rotatedKey }) => ({ portfolio, id: rotatedKey, overlapSeconds: 604_800 }),
    ofPortfolio: true,
  },
  'ownKey.list': { input: () => ({}), ofPortfolio: false },
  'ownKey.create': {
    input: () => ({ name: 'New', scopes: ['job:read'], expiresAt: null }),
    ofPortfolio: false,
  },
  'ownKey.revoke': { input: ({ ownKey }) => ({ id: ownKey }), ofPortfolio: false, ofOwner: true },
  'ownKey.read': { input: ({ ownKey }) => ({ id: ownKey }), ofPortfolio: false, ofOwner: true },
  'ownKey.rotate': {
    input: ({ rotatedOwnKey }) => ({ id: rotatedOwnKey }),
    ofPortfolio: false,
    ofOwner: true,
  },
  'ownToken.revoke': { input: () => ({}), ofPortfolio: false },
  'session.list': { input: () => ({}), ofPortfolio: false },
  'session.revoke': { input: ({ session }) => ({ id: session }), ofPortfolio: false, ofOwner: true },
  'session.revokeAll': { input: () => ({}), ofPortfolio: false },
  'webhook.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'webhook.create': {
    input: ({ portfolio }) => ({ portfolio, url: 'https://example.com/hook', events: ['job.failed'] }),
    ofPortfolio: true,
  },
  'webhook.disabled': { input: () => ({ limit: 1 }), ofPortfolio: false },
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
  'audit.head': { input: ({ portfolio }) => ({ portfolio }), ofPortfolio: true },
  'audit.own': { input: () => ({ limit: 1 }), ofPortfolio: false },
  'audit.security': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'operator.jobs': {
    input: ({ portfolio }) => ({ portfolio, state: ['succeeded'], kind: 'export.pdf' }),
    ofPortfolio: false,
  },
  'operator.redrive': {
    input: ({ portfolio }) => ({ portfolio, errorCode: 'worker_lost', limit: 10 }),
    ofPortfolio: false,
  },
  'operator.erase': {
    input: ({ people }) => ({ id: people.pop() ?? newId('person') }),
    ofPortfolio: false,
  },
  'operator.pauses': { input: () => ({}), ofPortfolio: false },
  'operator.pause': {
    input: ({ portfolio }) => ({ portfolio, kind: 'metrics.report', reason: 'It is slow.' }),
    ofPortfolio: false,
  },
  'operator.resume': { input: () => ({ kind: 'evidence.sync' }), ofPortfolio: false },
  'operator.limits': { input: () => ({}), ofPortfolio: false },
  'operator.limit': {
    input: () => ({ kind: 'webhook.deliver', mostRunning: 100, reason: 'A receiver is slow.' }),
    ofPortfolio: false,
  },
  'operator.health': { input: () => ({}), ofPortfolio: false },
  'operator.securityEvents': { input: () => ({ limit: 1 }), ofPortfolio: false },
  'me.read': { input: () => ({}), ofPortfolio: false },
  'audit.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  ...examplesOfInvitations(),
  'me.update': { input: () => ({ name: 'Ada' }), ofPortfolio: false, ofPerson: true },
  'me.erase': {
    // In the form of an id, which the triggers for release 0.1.0 do not take for a subject.
    input: () => ({ confirm: newId('person') }),
    by: (input) => (input as { confirm: string }).confirm,
    ofPortfolio: false,
    ofPerson: true,
  },
  'me.export': { input: () => ({ before: year.from }), ofPortfolio: false, ofPerson: true },
  'member.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'member.read': { input: ({ portfolio }) => ({ portfolio, member: 'viewer' }), ofPortfolio: true },
  'member.update': {
    input: ({ portfolio }) => ({ portfolio, member: 'viewer', role: 'viewer', expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'member.remove': {
    input: ({ portfolio }) => ({ portfolio, member: oneOfTwo('member'), expectedVersion: '*' }),
    ofPortfolio: true,
  },
  'member.revokeTokens': {
    input: ({ portfolio }) => ({ portfolio, member: 'viewer' }),
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
  'caseStudy.bin': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'caseStudy.undelete': {
    input: ({ portfolio, binnedStudies }) => ({ portfolio, id: oneOf(binnedStudies.undelete) }),
    ofPortfolio: true,
  },
  'caseStudy.purge': {
    input: ({ portfolio, binnedStudies }) => ({ portfolio, id: oneOf(binnedStudies.purge) }),
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
  'upload.read': { input: ({ portfolio, openUpload }) => ({ portfolio, id: openUpload }), ofPortfolio: true },
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
  'metric.report': {
    input: ({ portfolio }) => ({ portfolio, metrics: ['latency'], ...year, step: 'month', format: 'csv' }),
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
  'image.list': { input: ({ portfolio }) => ({ portfolio, limit: 1 }), ofPortfolio: true },
  'image.delete': {
    input: ({ portfolio, spareImages }) => ({ portfolio, sha256: oneOf(spareImages) }),
    ofPortfolio: true,
  },
  'job.deleteResult': { input: ({ files }) => ({ id: oneOf(files) }), ofPortfolio: true },
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
  // Here, too, each call finds as many jobs as the previous one.
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

function examplesOfInvitations(): typeof examples {
  return {
    ...examplesOf('invitation', {
      create: ({ portfolio }) => ({ portfolio, role: 'editor' }),
      list: ({ portfolio, invitations }) => ({ portfolio, cursor: newerThan(invitations.id), limit: 1 }),
      revoke: ({ portfolio, invitations }) => ({ portfolio, id: invitations.revoked }),
    }),
    'invitation.show': {
      input: ({ invitations }) => ({ secret: invitations.secret }),
      ofPortfolio: false,
      ofPerson: true,
    },
    'invitation.accept': {
      input: ({ invitations }) => ({ secret: invitations.elsewhere.pop() ?? invitations.secret }),
      ofPortfolio: false,
      ofPerson: true,
    },
  };
}

/** A cursor from which a list begins with this id. */
const newerThan = (id: string) => `${id.slice(0, -1)}z`;

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
    deleteVersion: ({ portfolio }) => ({ portfolio, slug: 'superseded', number: 1 + (++count % 2) }),
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
    deleteVersion: ({ portfolio }) => ({ portfolio, slug: 'superseded', name: `${1 + (++count % 2)}` }),
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
  await createMetrics(api, portfolio);
  await operations.caseStudy.create.run(ctx, { ...study, title: 'Study', body: `![](${url})` });
  for (const slug of ['study-0', 'study-1']) {
    await operations.caseStudy.create.run(ctx, { portfolio, slug, title: 'Short-lived' });
  }
  const spare = { portfolio, slug: 'spare' };
  await operations.caseStudy.create.run(ctx, { ...spare, title: 'Spare' });
  await operations.caseStudy.update.run(ctx, { ...spare, body: 'More.', expectedVersion: '*' });
  const { id } = await operations.caseStudy.export.run(ctx, study);
  await (await simulateWorker(api, id)).succeed();
  const about = { name: 'Key', scopes: allScopes, expiresAt: null };
  const createKey = async () => (await operations.apiKey.create.run(ctx, { ...about, portfolio })).id;
  const createOwnKey = async () => (await operations.ownKey.create.run(ctx, about)).id;
  const [apiKey, rotatedKey] = [await createKey(), await createKey()];
  const [ownKey, rotatedOwnKey] = [await createOwnKey(), await createOwnKey()];
  const { id: session } = await signIn(api, 'owner');
  const [openUpload = '', ...uploads] = await createEvidenceAndArtifacts(api, portfolio);
  const jobs = await createJobs(api, study);
  const isOpen = portfolio === 'open';
  return {
    ...(await createDeletable(api, spare)),
    deletable: [await createPortfolioToDelete(api, isOpen), await createPortfolioToDelete(api, isOpen)],
    binned: [await createPortfolioToDelete(api, isOpen), await createPortfolioToDelete(api, isOpen)],
    ...study,
    spare: spare.slug,
    sha256,
    id,
    apiKey,
    ownKey,
    rotatedKey,
    rotatedOwnKey,
    session,
    jobs,
    uploads,
    openUpload,
    ...(await createWebhooks(api, portfolio)),
    invitations: await createInvitations(api, portfolio),
    people: await createPeople(api),
  };
}

const pairOf = async (make: (at: number) => Promise<string>) => [await make(0), await make(1)];

/** Files of jobs, images and studies in the bin that can be deleted. */
async function createDeletable(api: TestApi, study: { portfolio: string; slug: string }) {
  const ctx = api.as(owner);
  const { portfolio } = study;
  const files = await pairOf(async () => {
    const { id } = await operations.caseStudy.export.run(ctx, study);
    await (await simulateWorker(api, id)).succeed();
    return id;
  });
  const spareImages = await pairOf(async (at) => {
    const bytes = Buffer.from(`89504e470d0a1a0a0${at}`, 'hex').toString('base64');
    return (await operations.image.upload.run(ctx, { portfolio, bytes })).sha256;
  });
  const binStudy = async () => {
    const slug = fresh();
    const { id } = await operations.caseStudy.create.run(ctx, { portfolio, slug, title: 'Deleted' });
    await operations.caseStudy.delete.run(ctx, { portfolio, slug, expectedVersion: '*' });
    return id;
  };
  const binnedStudies = { undelete: await pairOf(binStudy), purge: await pairOf(binStudy) };
  return { files, spareImages, binnedStudies };
}

/** A portfolio with a viewer, and with published content if `isOpen`. */
async function createPortfolioToDelete(api: TestApi, isOpen: boolean): Promise<string> {
  const ctx = api.as(owner);
  const portfolio = fresh();
  const { id } = await operations.portfolio.create.run(ctx, { slug: portfolio, name: 'Short-lived' });
  await api.addMember(id, 'viewer', 'viewer');
  const study = { portfolio, slug: 'study' };
  await operations.caseStudy.create.run(ctx, { ...study, title: 'Study' });
  if (isOpen) await operations.caseStudy.publish.run(ctx, { ...study, expectedVersion: '*' });
  return portfolio;
}

/** Takes the deletable portfolios of places out of the bin, and puts the deleted ones into it. */
export async function resetBin({ sql }: TestApi, places: Place[]): Promise<void> {
  const [deletable, binned] = [places.flatMap((of) => of.deletable), places.flatMap((of) => of.binned)];
  await sql`update portfolios set binned_at = null, purge_at = null where slug = any(${deletable})`;
  await sql`
    update portfolios set binned_at = now(), purge_at = now() + interval '1 day' where slug = any(${binned})`;
}

/** Evidence and an artifact of the study, some to be deleted, and uploads of the same file to be used. */
async function createEvidenceAndArtifacts(api: TestApi, portfolio: string): Promise<string[]> {
  const ctx = api.as(owner);
  const { evidence, artifact } = operations;
  const sendReport = () => upload(ctx, portfolio, bytesOf('report'));
  const sourceUrl = 'https://a.example/';
  await evidence.create.run(ctx, { portfolio, slug: 'sourced', title: 'Sourced', sourceUrl });
  for (const at of ['0', '1']) {
    await evidence.create.run(ctx, { portfolio, slug: `evidence-${at}`, title: 'Spare' });
    await artifact.create.run(ctx, { portfolio, slug: `artifact-${at}`, kind: 'script', title: 'Spare' });
  }
  await evidence.create.run(ctx, { portfolio, slug: 'superseded', title: 'Superseded' });
  await artifact.create.run(ctx, { portfolio, slug: 'superseded', kind: 'script', title: 'Superseded' });
  for (const name of ['1', '2', '3']) {
    const sent = async () => upload(ctx, portfolio, bytesOf(name));
    const version = { portfolio, slug: 'superseded' };
    await evidence.addVersion.run(ctx, { ...version, uploadId: await sent() });
    await artifact.addVersion.run(ctx, { ...version, name, uploadId: await sent() });
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
  return [await sendReport(), await sendReport(), await sendReport()];
}

/** The metric `latency` with samples, and two metrics to be deleted. */
async function createMetrics(api: TestApi, portfolio: string) {
  const ctx = api.as(owner);
  for (const key of ['latency', 'metric-0', 'metric-1']) {
    await operations.metric.define.run(ctx, { portfolio, key, name: key, unit: 'ms', betterWhen: 'down' });
  }
  const samples = ['01', '04', '07'].map((month, value) => ({ at: `2026-${month}-01T00:00:00Z`, value }));
  await operations.metric.record.run(ctx, { portfolio, key: 'latency', samples });
}

/** Three jobs of each kind: each of two calls changes one, and reports that there are more. */
async function createJobs(api: TestApi, study: { portfolio: string; slug: string }) {
  const jobs: Record<'failed' | 'cancelled' | 'waiting', string[]> = {
    failed: [],
    cancelled: [],
    waiting: [],
  };
  const ctx = api.as(owner);
  for (const sort of [1, 2, 3].flatMap(() => ['failed', 'cancelled', 'waiting'] as const)) {
    const { id } = await operations.caseStudy.export.run(ctx, study);
    if (sort === 'failed') await (await simulateWorker(api, id)).fail();
    if (sort === 'cancelled') await operations.job.cancel.run(ctx, { id });
    jobs[sort].push(id);
  }
  return jobs;
}

/** Two people to be erased. */
async function createPeople({ sql }: TestApi) {
  const ids = [newId('person'), newId('person')];
  for (const id of ids) await sql`insert into people (id, subject) values (${id}, ${id})`;
  return ids;
}

async function createInvitations({ as }: TestApi, portfolio: string) {
  const create = (to: string, actor = owner) =>
    operations.invitation.create.run(as(actor), { portfolio: to, role: 'editor' });
  const [shown, revoked] = [await create(portfolio), await create(portfolio)];
  await operations.invitation.revoke.run(as(owner), { portfolio, id: revoked.id });
  const elsewhere: string[] = [];
  for (let number = 0; number < 2; number++) {
    const [host, slug] = [user('host'), fresh()];
    await operations.portfolio.create.run(as(host), { slug, name: slug });
    elsewhere.push(secretOf(await create(slug, host)));
  }
  return { id: shown.id, secret: secretOf(shown), revoked: revoked.id, elsewhere };
}

async function createWebhooks(api: TestApi, portfolio: string) {
  const ctx = api.as(owner);
  const about = { portfolio, url: 'https://example.com/hook', events: ['job.failed' as const] };
  const create = async () => (await operations.webhook.create.run(ctx, about)).id;
  const [webhook, spareWebhooks] = [await create(), [await create(), await create()]];
  const { id: delivery } = await operations.webhook.test.run(ctx, { portfolio, id: webhook });
  await api.sql`update webhook_deliveries set state = 'delivered' where id = ${delivery}`;
  return { webhook, spareWebhooks, delivery };
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
