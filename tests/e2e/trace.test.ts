import { listenHttp } from '@portfolio/core/runtime/listen-http';
import type { IncomingHttpHeaders } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import postgres from 'postgres';
import { describe, expect, onTestFinished, test } from 'vitest';
import { browserPath, launchBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { testFolder } from '../support/folder.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../support/otlp.ts';
import { startPlatform } from '../support/stack.ts';

const study = { portfolio: 'portfolio-engineering', slug: 'outbox-and-leases' };
type Platform = Awaited<ReturnType<typeof startPlatform>>;

/** Notifies a receiver of jobs that succeed. Resolves to the headers of each message that it gets. */
async function startWebhook({ api, databaseUrl }: Platform) {
  const headers: IncomingHttpHeaders[] = [];
  const { port, close } = await listenHttp({ host: '127.0.0.1', port: 0 }, (request, response) => {
    headers.push(request.headers);
    request.resume();
    response.end();
  });
  onTestFinished(close);
  const webhook = { portfolio: study.portfolio, url: 'https://receiver.example/' };
  const { id } = await api.webhook.create.mutate({ ...webhook, events: ['job.succeeded'] });
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  // The API takes public addresses only.
  await sql`update webhooks set url = ${`http://127.0.0.1:${port}/`} where id = ${id}`;
  await sql.end();
  return headers;
}

async function signIn({ baseUrl, apiKey }: Platform): Promise<Page> {
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(baseUrl);
  await page.getByLabel('API key').fill(apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return page;
}

/** Exports the study by clicks. Resolves to the id of the job and to the `traceparent` of the browser's request. */
async function clickExport(page: Page, title: string) {
  await page.getByLabel('Case study').selectOption({ label: title });
  const [request] = await Promise.all([
    page.waitForRequest('**/trpc/caseStudy.export'),
    page.getByRole('button', { name: 'Export PDF' }).click(),
  ]);
  await page.waitForURL(/\/jobs\/job_/);
  const id = new URL(page.url()).pathname.split('/').at(-1)!;
  return { id, traceparent: request.headers().traceparent! };
}

/** The spans of a trace, and how they belong together. */
function readTrace(spans: ReceivedSpan[]) {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const isBelow = (span: ReceivedSpan, above: ReceivedSpan): boolean => {
    const parent = byId.get(span.parentSpanId ?? '');
    return parent !== undefined && (parent === above || isBelow(parent, above));
  };
  return {
    byId,
    /** The first span of this kind and name, below another one if given. */
    find(kind: ReceivedSpan['kind'], name: string | RegExp, above?: ReceivedSpan): ReceivedSpan {
      const found = spans.find(
        (span) =>
          span.kind === kind &&
          (typeof name === 'string' ? span.name === name : name.test(span.name)) &&
          (!above || isBelow(span, above)),
      );
      const all = spans.map((span) => `${span.service}: ${span.kind} ${span.name}`).join('\n');
      if (!found) throw new Error(`No ${kind} span ${name} below ${above?.name ?? 'the root'} in\n${all}`);
      return found;
    },
  };
}

type Line = { msg: string; trace_id?: string; kind?: string };

const linesOf = async (folder: string, program: 'api' | 'worker', traceId: string) =>
  (await readFile(join(folder, `${program}.log`), 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.trace_id === traceId);

const spanIdOf = (traceparent: string) => traceparent.split('-')[2]!;
const traceIdOf = (traceparent: string) => traceparent.split('-')[1]!;

describe.skipIf(!browserPath)('in the browser (needs the Debian package chromium)', () => {
  test('one trace leads from a click over API, database, queue, worker and bucket to the webhook that reports the PDF', async () => {
    const folder = await testFolder();
    const collector = await startOtlpReceiver();
    onTestFinished(collector.close);
    const telemetry = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
    const platform = await startPlatform(folder, { ...telemetry, OUTBOUND_ALLOW_PRIVATE: 'true' }, telemetry);
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= platform.stop());
    onTestFinished(stop);
    const messages = await startWebhook(platform);
    const { title } = await platform.api.caseStudy.read.query(study);

    const page = await signIn(platform);
    const clicked = await clickExport(page, title);
    const traceId = traceIdOf(clicked.traceparent);
    await page.getByRole('definition').getByText(traceId).waitFor();
    await eventually(() => expect(messages).toHaveLength(1));
    const answer = await fetch(`${platform.baseUrl}/api/v1/jobs/${clicked.id}`, {
      headers: { authorization: `Bearer ${platform.apiKey}` },
    });
    expect(await answer.json()).toMatchObject({ traceId });
    const sql = postgres(platform.databaseUrl, { max: 1, onnotice: () => {} });
    const [job] = await sql<{ traceparent: string }[]>`select traceparent from jobs where id = ${clicked.id}`;
    await sql.end();
    await page.close();
    // Programs export what is left when they stop.
    await stop();

    const { find, byId } = readTrace(collector.spansOf(traceId));
    const request = find('SERVER', /^POST/);
    expect(request).toMatchObject({ service: 'portfolio-api', parentSpanId: spanIdOf(clicked.traceparent) });
    find('CLIENT', 'INSERT', request);
    const accepted = byId.get(spanIdOf(job!.traceparent))!;
    expect(accepted.service).toBe('portfolio-api');

    const sent = find('PRODUCER', 'wake export.pdf');
    find('CLIENT', 'SQS.SendMessage', sent);
    find('CONSUMER', 'wake export.pdf', sent);

    const attempt = find('CONSUMER', 'attempt export.pdf', request);
    expect(attempt).toMatchObject({ service: 'portfolio-worker', parentSpanId: accepted.spanId });
    expect(attempt.links).toMatchObject([{ traceId, spanId: accepted.spanId }]);
    for (const phase of ['read', 'layout', 'store']) find('INTERNAL', `pdf ${phase}`, attempt);
    find('CLIENT', 'SELECT', attempt);
    find('CLIENT', /^S3\.(PutObject|UploadPart)$/, attempt);

    const delivery = find('CONSUMER', 'attempt webhook.deliver');
    const post = find('CLIENT', 'POST', delivery);
    const { traceparent: delivered } = messages[0]!;
    expect(traceIdOf(String(delivered))).toBe(traceId);
    expect([delivery.spanId, post.spanId]).toContain(spanIdOf(String(delivered)));

    expect(await linesOf(folder, 'api', traceId)).toMatchObject([{ msg: 'request' }]);
    const attempts = (await linesOf(folder, 'worker', traceId)).filter(({ msg }) => msg === 'attempt');
    expect(attempts.map(({ kind }) => kind)).toEqual(['export.pdf', 'webhook.deliver']);
  });
});
