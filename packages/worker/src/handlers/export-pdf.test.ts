import { operations } from '@portfolio/core';
import { type Actor, anonymous } from '@portfolio/core/actor';
import { outsideView } from '@portfolio/core/case-study/export-source';
import { jobs } from '@portfolio/core/job/job.sql';
import { jobKinds } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { pdf } from '@portfolio/core/telemetry/contract';
import { runIn, startSpan, traceparentOf } from '@portfolio/core/telemetry/trace';
import { eq, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimJob } from '../../../../tests/support/jobs.ts';
import { pdfText } from '../../../../tests/support/pdf-text.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { recordTelemetry } from '../../../../tests/support/telemetry.ts';
import { bytesOf, sha256Of, upload } from '../../../../tests/support/upload.ts';
import { PermanentError } from '../handler.ts';
import { longStudy } from '../pdf/testing/studies.ts';
import { createExportPdf, exportPdf } from './export-pdf.ts';

const owner = user('owner');
const portfolio = 'team';
const sourceBytes = bytesOf('Measured twice.');

let platform: TestServices;
let portfolioId: string;
beforeAll(async () => {
  platform = await testServices();
  const ctx = platform.as(owner);
  const profile = { name: 'Team', tagline: 'We measure.', description: 'What **we** did.' };
  ({ id: portfolioId } = await operations.portfolio.create.run(ctx, { slug: portfolio, ...profile }));
  const metric = { portfolio, key: 'latency', name: 'Latency', unit: 'ms', betterWhen: 'down' as const };
  await operations.metric.define.run(ctx, metric);
  const samples = [
    { at: '2026-01-10T00:00:00.000Z', value: 200 },
    { at: '2026-02-10T00:00:00.000Z', value: 50 },
  ];
  await operations.metric.record.run(ctx, { portfolio, key: 'latency', samples });
  await operations.evidence.create.run(ctx, { portfolio, slug: 'proof', title: 'Proof' });
  const uploadId = await upload(ctx, portfolio, sourceBytes, 'proof.txt');
  await operations.evidence.addVersion.run(ctx, { portfolio, slug: 'proof', uploadId });
});
afterAll(() => platform.stop());

const metric = {
  key: 'latency',
  from: '2026-01-01T00:00:00.000Z',
  changedAt: '2026-02-01T00:00:00.000Z',
  to: '2026-03-01T00:00:00.000Z',
};
const claims = [
  { key: 'faster', statement: 'It is faster.', metric, evidence: [{ slug: 'proof' }] },
  { key: 'happier', statement: 'All are happier.' },
];

const create = (slug: string, rest: object = {}) =>
  operations.caseStudy.create.run(platform.as(owner), {
    portfolio,
    slug,
    title: `Study ${slug}`,
    body: `Words of ${slug}.`,
    ...rest,
  });
const publish = (slug: string) =>
  operations.caseStudy.publish.run(platform.as(owner), { portfolio, slug, expectedVersion: '*' });
const unpublish = (slug: string) =>
  operations.caseStudy.unpublish.run(platform.as(owner), { portfolio, slug, expectedVersion: '*' });
const askForStudy = (slug: string) =>
  operations.caseStudy.export.run(platform.as(owner), { portfolio, slug });
const askForAll = (actor: Actor = owner) =>
  operations.portfolio.export.run(platform.as(actor), { portfolio });

async function setSource(sourceUrl: string | null, fetchedFrom: string | null) {
  await platform.ownerSql`update evidence set source_url = ${sourceUrl}`;
  await platform.ownerSql`update evidence_versions set fetched_from = ${fetchedFrom}`;
}

/** Lets the proof be fetched from a source with secrets in its addresses while `work` runs. */
async function withSource(work: () => Promise<void>) {
  await setSource(
    'https://source.example/figures.csv?token=SECRET#SECRET',
    'https://cdn.example/SECRET?key=SECRET',
  );
  await work();
  await setSource(null, null);
}

let attempt = 0;

/** Runs an accepted job as a worker does; resolves to the result and the text of the file. */
async function make(id: string, handler = exportPdf, signal = new AbortController().signal) {
  const [job] = await platform.db.select({ payload: jobs.payload }).from(jobs).where(eq(jobs.id, id));
  const result = await handler(jobKinds['export.pdf'].payload.parse(job?.payload), {
    db: platform.db,
    reader: platform.db,
    bucket: platform.bucket,
    job: { id, portfolioId, attempt: ++attempt, traceparent: traceparentOf() },
    signal,
    progress: () => {},
    requireLease: async () => {},
  });
  const bytes = (await platform.bucket.get(result.key))!;
  expect(result).toMatchObject({ sizeBytes: bytes.length, sha256: sha256Of(Buffer.from(bytes)) });
  const pages = await pdfText(bytes);
  return { result, pages, text: pages.join('\n').replace(/\s+/g, ' ') };
}

/** Makes the PDF of a study, as a worker does, with another state in its result. */
async function printWith(slug: string, stateOf: (state: string) => string) {
  const { id } = await askForStudy(slug);
  const lease = { id, token: randomUUID() };
  await claimJob(platform.db, lease, 60);
  const { result } = await make(id);
  const stored = { ...result, state: stateOf(result.state!) };
  await transitions.end(platform.db, lease, { type: 'succeeded', result: stored });
}

const readPdf = (slug: string, actor: Actor) =>
  operations.caseStudy.pdf.run(platform.as(actor), { portfolio, slug });

test('an export reports its pages, the memory of its thread, and how long its phases took', async () => {
  await using telemetry = recordTelemetry('worker');
  await create('measured');
  const { id } = await askForStudy('measured');
  await runIn(startSpan('attempt'), () => make(id));
  const lines = await Promise.all([pdf.pages, pdf.memory, pdf.phases].map((one) => telemetry.series(one)));
  expect(lines.flat().filter((line) => line.includes('_count'))).toEqual([
    'portfolio_pdf_pages_count 1',
    'portfolio_pdf_memory_bytes_count 1',
    'portfolio_pdf_phase_duration_seconds_count{phase="read"} 1',
    'portfolio_pdf_phase_duration_seconds_count{phase="layout"} 1',
    'portfolio_pdf_phase_duration_seconds_count{phase="store"} 1',
  ]);
  const bytes = lines.flat().find((line) => line.startsWith('portfolio_pdf_memory_bytes_sum'))!;
  expect(Number(bytes.split(' ')[1])).toBeGreaterThan(4 * 1024 * 1024);
  const names = telemetry.spans().map(({ name }) => name);
  expect(names.filter((name) => name.startsWith('pdf '))).toEqual(['pdf read', 'pdf layout', 'pdf store']);
});

describe('the PDF of a case study', { timeout: 60_000 }, () => {
  test('shows its claims with their current standing, and the complete hash of the evidence', async () => {
    const { version } = await create('proven', { claims });
    const { id } = await askForStudy('proven');
    const { text, result } = await make(id);
    expect(result).toMatchObject({ fileName: 'proven.pdf', studyVersion: version });
    for (const expected of [
      'Claims 1 It is faster. backed 200 → 50 ms, −75 %, better',
      'Before 200 ms, average of 1 sample After 50 ms, average of 1 sample Change −150 ms, −75 %, better',
      `SHA-256 ${sha256Of(sourceBytes)}`,
      'Source Uploaded',
      '2 All are happier. unbacked It cites no evidence and no metric.',
    ]) {
      expect(text).toContain(expected);
    }
  });

  test('has another state when its evidence breaks, and the same state when nothing changed', async () => {
    await create('moving', { claims });
    const { id } = await askForStudy('moving');
    const state = async () => (await make(id)).result.state;
    const before = await state();
    await platform.db.execute(sql`update evidence set checked_at = checked_at + interval '1 hour'`);
    expect(await state()).toBe(before);
    await platform.db.execute(sql`update evidence set problem = 'bytes-lost'`);
    const broken = await state();
    expect(broken).not.toBe(before);
    await platform.db.execute(sql`update evidence set problem = null`);
    expect(await state()).toBe(before);
  });

  test('prints of a source what outside readers may see, whoever had it made', async () => {
    await create('sourced', { claims });
    await withSource(async () => {
      const { id } = await askForStudy('sourced');
      const { text } = await make(id);
      expect(text).toContain('Source https://source.example/figures.csv Fetched');
      expect(text).not.toMatch(/SECRET|cdn/);
    });
  });

  test('of release 0.1.0 is given to outside readers only if its study cites nothing that was fetched', async () => {
    await create('older', { claims });
    await publish('older');
    const link = { file: { fileName: 'older.pdf' }, job: null };
    await printWith('older', (state) => state.replace(outsideView, ''));
    expect(await readPdf('older', anonymous)).toMatchObject(link);
    await withSource(async () => {
      await expect(readPdf('older', anonymous)).rejects.toMatchObject({ code: 'not_found' });
      await printWith('older', (state) => state);
      expect(await readPdf('older', anonymous)).toMatchObject(link);
      expect(await readPdf('older', owner)).toMatchObject(link);
    });
    await unpublish('older');
  });

  test('fails permanently when the study was deleted after the request', async () => {
    await create('doomed');
    const { id } = await askForStudy('doomed');
    const [job] = await platform.db.select({ payload: jobs.payload }).from(jobs).where(eq(jobs.id, id));
    await operations.caseStudy.delete.run(platform.as(owner), {
      portfolio,
      slug: 'doomed',
      expectedVersion: '*',
    });
    const tools = {
      db: platform.db,
      reader: platform.db,
      bucket: platform.bucket,
      job: { id, portfolioId, attempt: 1, traceparent: traceparentOf() },
      signal: new AbortController().signal,
      progress: () => {},
      requireLease: async () => {},
    };
    await expect(exportPdf(jobKinds['export.pdf'].payload.parse(job?.payload), tools)).rejects.toThrow(
      new PermanentError('not_found', 'The case study no longer exists.'),
    );
  });

  test('that takes too much memory fails permanently and leaves no file, while another renders concurrently', async () => {
    await create('heavy', { body: longStudy(60_000) });
    const [heavy, light] = [await askForStudy('heavy'), await askForStudy('heavy')];
    const small = createExportPdf({
      memoryMegabytes: 16,
      timeoutSeconds: 60,
      processorSeconds: { document: 60, portfolio: 60 },
    });
    const [failed, made] = await Promise.allSettled([make(heavy.id, small), make(light.id)]);
    expect(failed).toMatchObject({ reason: { name: 'PermanentError', code: 'too_large' } });
    expect(made).toMatchObject({ value: { result: { fileName: 'heavy.pdf' } } });
    for (let at = 1; at <= attempt; at++) {
      const key = `exports/${portfolioId}/${heavy.id}/${at}.pdf`;
      expect(await platform.bucket.get(key)).toBeNull();
    }
  });

  test('is aborted by its signal', async () => {
    await create('cancelled', { body: longStudy(60_000) });
    const { id } = await askForStudy('cancelled');
    const cancelled = new Error('cancelled');
    await expect(make(id, exportPdf, AbortSignal.abort(cancelled))).rejects.toBe(cancelled);
  });
});

describe('the PDF of a portfolio', { timeout: 60_000 }, () => {
  test('is refused while nothing is published, and contains only published case studies', async () => {
    await expect(askForAll()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('publish a case study first'),
    });
    await create('first', { claims });
    await create('draft');
    await create('second', { claims: claims.slice(1) });
    await publish('first');
    await publish('second');
    const { id, title, kind } = await askForAll();
    expect({ title, kind }).toEqual({ title: 'PDF of portfolio “Team”', kind: 'export.pdf' });
    const { text, pages, result } = await make(id);
    expect(result).toMatchObject({ fileName: 'team.pdf', pages: pages.length });
    expect(pages[0]).toContain('1 backed');
    expect(pages[0]).toContain('2 unbacked');
    expect(text).not.toContain('Study draft');
    // Newest first, as in the list.
    expect(text.indexOf('Case study 1 Study second')).toBeGreaterThan(0);
    expect(text.indexOf('Case study 2 Study first')).toBeGreaterThan(text.indexOf('Case study 1'));
    expect(text).toContain('1.1 All are happier. unbacked');
    expect(text).toContain(`SHA-256 ${sha256Of(sourceBytes)}`);
  });

  test('has another state after a change of a study', async () => {
    const { id } = await askForAll();
    const before = (await make(id)).result.state;
    expect((await make(id)).result.state).toBe(before);
    await operations.caseStudy.update.run(platform.as(owner), {
      portfolio,
      slug: 'second',
      summary: 'New.',
      expectedVersion: '*',
    });
    expect((await make(id)).result.state).not.toBe(before);
  });

  test('fails permanently when nothing is published any more', async () => {
    const { id } = await askForAll();
    await unpublish('first');
    await unpublish('second');
    await expect(make(id)).rejects.toMatchObject({ name: 'PermanentError', code: 'nothing_published' });
  });

  test('is only for members who may start jobs in the portfolio', async () => {
    await create('shown');
    await publish('shown');
    await expect(askForAll(anonymous)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(askForAll(user('non-member'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(askForAll(user('owner', ['portfolio:read']))).rejects.toMatchObject({ code: 'forbidden' });
    const elsewhere = { kind: 'portfolio-key', id: 'key', portfolioId: 'pf_other' } as const;
    const key = {
      ...elsewhere,
      scopes: owner.kind === 'anonymous' ? [] : owner.scopes,
      expiresAt: null,
    } as const;
    await expect(askForAll(key)).rejects.toMatchObject({ code: 'forbidden' });
  });
});

test('of concurrent requests for the PDF of a study, one creates the job and all get it', async () => {
  await create('wanted');
  const answers = await Promise.all(Array.from({ length: 8 }, () => readPdf('wanted', owner)));
  expect(new Set(answers.map(({ job }) => job?.id)).size).toBe(1);
});
