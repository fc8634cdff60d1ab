import { type Outputs, createClient } from '@portfolio/api/client';
import { allOperations } from '@portfolio/core';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { paths } from '../../packages/api/openapi.d.ts';
import createOpenApiClient from 'openapi-fetch';
import type { Browser } from 'playwright-core';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { signToken } from '../../dev/issuer.ts';
import { issuerKeyFile } from '../../dev/settings.ts';
import { browserPath, collectErrors, launchBrowser } from '../support/browser.ts';
import { pdfText } from '../support/pdf-text.ts';
import { testFolder } from '../support/folder.ts';
import { startPlatform } from '../support/stack.ts';

const study = { portfolio: 'portfolio-engineering', slug: 'outbox-and-leases' };
const long = { slug: 'long-read', title: 'A long read about jobs' };

let folder: string;
let platform: Awaited<ReturnType<typeof startPlatform>>;
let title: string;

beforeAll(async () => {
  folder = await testFolder();
  platform = await startPlatform(folder, { LEASE_SECONDS: '5', SWEEP_SECONDS: '0.2' });
  const sample = await platform.api.caseStudy.read.query(study);
  ({ title } = sample);
  // Long enough that the page is open while the PDF is rendered.
  const body = Array.from({ length: 8 }, () => sample.body).join('\n\n');
  await platform.api.caseStudy.create.mutate({ portfolio: study.portfolio, ...long, body });
  await platform.api.caseStudy.publish.mutate({
    portfolio: study.portfolio,
    slug: long.slug,
    expectedVersion: '*',
  });
});
afterAll(() => platform.stop());

const words = (text: string) => text.replaceAll(/\s+/g, ' ');

async function expectStudyIn(pdf: Uint8Array, studyTitle = title) {
  const pages = await pdfText(pdf);
  expect(pages.length).toBeGreaterThan(4);
  expect(words(pages[0]!)).toContain(studyTitle);
  expect(words(pages.join(' '))).toContain('dead-letter queue');
}

async function waitForEnd(id: string) {
  return eventually(async () => {
    const job = await platform.api.job.read.query({ id });
    expect(['succeeded', 'failed']).toContain(job.state);
    return job;
  });
}

test('a client with plain fetch requests a PDF, polls the job and downloads the file', async () => {
  const headers = { authorization: `Bearer ${platform.apiKey}` };
  const path = `/api/v1/portfolios/${study.portfolio}/case-studies/${study.slug}/exports`;
  const accepted = await fetch(platform.baseUrl + path, { method: 'POST', headers });
  expect(accepted.status).toBe(202);
  const location = platform.baseUrl + accepted.headers.get('location');
  await eventually(async () => {
    const job = (await (await fetch(location, { headers })).json()) as Outputs['job']['read'];
    expect(job.state).toBe('succeeded');
  });
  const file = await fetch(`${location}/result`, { headers });
  expect(file.headers.get('content-type')).toBe('application/pdf');
  await expectStudyIn(await file.bytes());
});

test('a client generated from the OpenAPI document requests a PDF, polls the job and downloads the file', async () => {
  const client = createOpenApiClient<paths>({
    baseUrl: platform.baseUrl,
    headers: { authorization: `Bearer ${platform.apiKey}` },
  });
  const { data: accepted } = await client.POST('/api/v1/portfolios/{portfolio}/case-studies/{slug}/exports', {
    params: { path: study, header: { 'Idempotency-Key': 'generated-client' } },
  });
  const path = { id: accepted!.id };
  const job = await eventually(async () => {
    const { data } = await client.GET('/api/v1/jobs/{id}', { params: { path } });
    expect(data!.state).toBe('succeeded');
    return data!;
  });
  const file = await client.GET('/api/v1/jobs/{id}/result', { params: { path }, parseAs: 'stream' });
  await expectStudyIn(await file.response.bytes());
  expect(job.portfolio).toBe(study.portfolio);
  const { error } = await client.GET('/api/v1/jobs/{id}', {
    params: { path: { id: `job_${'0'.repeat(26)}` } },
  });
  expect(error!.code).toBe('not_found');
});

test('a typed client watches the job over WebSocket and downloads the file', async () => {
  const { api } = platform;
  const { id } = await api.caseStudy.export.mutate(study);
  const seen: number[] = [];
  await new Promise<void>((resolve, reject) => {
    api.job.events.subscribe(
      { id },
      {
        onData: ({ data }) => seen.push(data.type === 'snapshot' ? data.job.lastSeq : data.event.seq),
        onComplete: resolve,
        onError: reject,
      },
    );
  });
  const job = await api.job.read.query({ id });
  expect(seen).toEqual(Array.from({ length: job.lastSeq - seen[0]! + 1 }, (_, at) => seen[0]! + at));
  expect(job.state).toBe('succeeded');
  const { url, sizeBytes } = await api.job.result.query({ id });
  const pdf = await (await fetch(url)).bytes();
  expect(pdf.length).toBe(sizeBytes);
  await expectStudyIn(pdf);
});

describe.skipIf(!browserPath)('in the browser (needs the Debian package chromium)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  /** A page of a user who has just signed in, and the errors in it. */
  async function signIn() {
    const page = await browser.newPage();
    const errors = collectErrors(page);
    await page.goto(platform.baseUrl);
    await page.getByLabel('API key').fill(platform.apiKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    return { page, errors };
  }

  test('a user signs in, exports a study, sees the bar move, and downloads the PDF', async () => {
    const { page, errors } = await signIn();
    await page.getByLabel('Case study').selectOption({ label: long.title });
    await page.getByRole('button', { name: 'Export PDF' }).click();

    await page.waitForURL(/\/jobs\/job_/);
    const bar = page.getByRole('progressbar');
    const values = new Set<string | null>();
    const downloadLink = page
      .getByRole('button', { name: /Download/ })
      .or(page.getByRole('link', { name: /Download/ }));
    await eventually(async () => {
      if (await bar.isVisible()) values.add(await bar.getAttribute('aria-valuenow'));
      expect(await downloadLink.isVisible()).toBe(true);
    });
    expect(values.size).toBeGreaterThan(1);

    const [download] = await Promise.all([page.waitForEvent('download'), downloadLink.click()]);
    expect(download.suggestedFilename()).toBe('long-read.pdf');
    await expectStudyIn(await readFile(await download.path()), long.title);
    expect(errors).toEqual([]);
  });

  test('a person signs in at the local provider, exports a study by the session, is asked again, and signs out', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const errors = collectErrors(page);
    await page.goto(`${platform.baseUrl}/?state=failed`);
    await page.getByRole('link', { name: 'Sign in with an example person' }).click();
    await page.getByRole('button', { name: 'Alex Example' }).click();
    await page.waitForURL(`${platform.baseUrl}/?state=failed`);
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await context.cookies(platform.baseUrl)).toContainEqual(
      expect.objectContaining({ name: '__Host-session', httpOnly: true, secure: true, sameSite: 'Lax' }),
    );
    const stored = await page.evaluate('JSON.stringify([localStorage, sessionStorage])');
    expect(stored).toBe('[{},{}]');

    await page.getByLabel('Case study').selectOption({ label: title });
    await page.getByRole('button', { name: 'Export PDF' }).click();
    await page.waitForURL(/\/jobs\/job_/);
    expect(errors).toEqual([]);

    const problem = { code: 'recent_sign_in_required', status: 403, title: '', detail: '', type: '' };
    const body = { error: { message: '', code: -32_003, data: { code: 'FORBIDDEN', problem } } };
    await page.goto(platform.baseUrl);
    await page.route('**/trpc/caseStudy.export', (route) => route.fulfill({ status: 403, json: body }));
    await page.getByLabel('Case study').selectOption({ label: title });
    await page.getByRole('button', { name: 'Export PDF' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Sign in again' }).click();
    await page.getByRole('button', { name: 'Robin Example' }).click();
    await page.waitForURL(`${platform.baseUrl}/`);
    await page.getByText('Live', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await eventually(async () => {
      const names = (await context.cookies(platform.baseUrl)).map(({ name }) => name);
      expect(names).not.toContain('__Host-session');
    });
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await context.close();
  });

  test('a user cancels a running job, queues it again, sees it start, and cancels it in the list', async () => {
    const name = 'A study that is stopped';
    const cancelled = { portfolio: study.portfolio, slug: 'stopped-study' };
    const body = 'Many words make a long study, and a long study makes a long job.\n\n'.repeat(12_000);
    await platform.api.caseStudy.create.mutate({ ...cancelled, title: name, body });
    const { id, title: jobTitle } = await platform.api.caseStudy.export.mutate(cancelled);
    const { page, errors } = await signIn();
    await page.getByRole('link', { name: jobTitle }).click();
    const status = page.getByLabel('Status');
    const log = page.getByRole('list');
    await log.getByText('Attempt 1 started').waitFor();
    await page.getByRole('button', { name: `Cancel ${jobTitle}` }).click();
    await status.getByText('Cancelled', { exact: true }).waitFor();
    await log.getByText('Cancelled', { exact: true }).waitFor();

    await page.getByRole('button', { name: `Retry ${jobTitle}` }).click();
    await log.getByText('Requeued manually').waitFor();
    await log.getByText('Attempt 2 started').waitFor();

    await page.getByRole('link', { name: 'All jobs' }).click();
    const row = page.getByRole('listitem').filter({ hasText: jobTitle });
    await row.getByRole('button', { name: `Cancel ${jobTitle}` }).click();
    await row.getByText('Cancelled', { exact: true }).waitFor();
    expect(await row.getByRole('button', { name: `Retry ${jobTitle}` }).isVisible()).toBe(true);
    expect(page.url()).not.toContain(id);
    expect(await platform.api.job.read.query({ id })).toMatchObject({ state: 'cancelled', attempt: 2 });
    expect(errors).toEqual([]);
  });

  test('the API reference shows every operation, and loads nothing from other hosts', async () => {
    const page = await browser.newPage();
    const errors = collectErrors(page);
    const hosts = new Set<string>();
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    await page.goto(`${platform.baseUrl}/api/docs`);
    await page.getByRole('link', { name: 'Introduction' }).waitFor();
    const closed = page.getByRole('button', { name: /^Open Group/ });
    while ((await closed.count()) > 0) await closed.first().click();
    const shown = await page.getByRole('complementary').innerText();
    for (const { summary } of allOperations) expect(shown).toContain(summary);
    expect([...hosts]).toEqual([new URL(platform.baseUrl).host]);
    expect(errors).toEqual([]);
  });
});

test('a job whose worker is killed in the middle of it completes', async () => {
  const { api, worker, databaseUrl } = platform;
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end());
  process.kill(worker.pid()!, 'SIGSTOP');
  const { id } = await api.caseStudy.export.mutate(study);
  await sql.begin(async (tx) => {
    // The lock keeps the attempt from reading the study, so that it is still running when it is observed.
    await tx`lock table case_studies in access exclusive mode`;
    process.kill(worker.pid()!, 'SIGCONT');
    await eventually(async () => {
      const [job] = await tx`select state from jobs where id = ${id}`;
      expect(job).toEqual({ state: 'running' });
    });
    process.kill(worker.pid()!, 'SIGKILL');
  });
  const job = await waitForEnd(id);
  expect(job).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(platform.lines.join('\n')).toContain(
    'The worker ended unexpectedly (SIGKILL) and is being restarted',
  );
  const { url } = await api.job.result.query({ id });
  expect((await fetch(url)).ok).toBe(true);
});

test('a token of the local issuer is accepted like the key', async () => {
  const token = await signToken(issuerKeyFile(folder), 'local-owner', ['portfolio:read', 'case-study:read']);
  const api = createClient({ baseUrl: platform.baseUrl, apiKey: token });
  expect(await api.caseStudy.read.query(study)).toMatchObject({ title });
  await expect(api.caseStudy.export.mutate(study)).rejects.toThrow('job:write');
});

test('the platform is not reachable from other machines', async () => {
  const { port } = new URL(platform.baseUrl);
  await expect(fetch(`http://127.0.0.2:${port}/healthz`)).rejects.toThrow('fetch failed');
});

test('the key, the studies and the files persist over a restart', async () => {
  const { items } = await platform.api.job.list.query({ state: ['succeeded'] });
  const before = await platform.api.caseStudy.read.query(study);
  await platform.stop();
  platform = await startPlatform(folder);
  expect(await readFile(join(folder, 'credentials.json'), 'utf8')).toContain(platform.apiKey);
  expect(await platform.api.caseStudy.read.query(study)).toEqual(before);
  const { url } = await platform.api.job.result.query({ id: items[0]!.id });
  expect((await fetch(url)).ok).toBe(true);
});
