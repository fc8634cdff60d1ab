import { createClient, result } from '@portfolio/api/client';
import { operations } from '@portfolio/core';
import { createLog } from '@portfolio/core/runtime/log';
import type { Program } from '@portfolio/core/telemetry/instrument';
import { createHandlers } from '../packages/worker/src/handlers/index.ts';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { testApi } from './support/api.ts';
import { makeDue } from './support/jobs.ts';
import { runAttempt, testRunner } from './support/runner.ts';
import { testServices, user } from './support/services.ts';
import { freePort } from './support/stack.ts';
import { recordTelemetry } from './support/telemetry.ts';

const portfolio = 'team';
const owner = user('owner');
/** What a user wrote. It may be in the database, and nowhere else. */
const words = 'zebra crossing';
const tokenOf = (payload: string) => `eyJhbGciOiJFUzI1NiJ9.${payload}.c2lnbmF0dXJlLW9mLW5vYm9keQ`;

/** All that a program tells operators in a test: lines of its log, spans, metrics. */
function listen(program: Program) {
  const lines: string[] = [];
  const telemetry = recordTelemetry(program);
  onTestFinished(telemetry[Symbol.asyncDispose]);
  return {
    log: createLog(program, 'trace', { write: (line) => void lines.push(line) }),
    /** Where which of these secrets was told. */
    async find(secrets: Record<string, string>): Promise<string[]> {
      const spans = telemetry.spans().map(({ name, attributes, events, links, status }) => ({
        name,
        attributes,
        events,
        links,
        status,
      }));
      expect(lines.length).toBeGreaterThan(0);
      expect(spans.length).toBeGreaterThan(0);
      const told = { lines: lines.join(''), spans: JSON.stringify(spans), metrics: await telemetry.text() };
      return Object.entries(told).flatMap(([where, said]) =>
        Object.entries(secrets)
          .filter(([, secret]) => said.includes(secret))
          .map(([what]) => `${where}: ${what}`),
      );
    },
  };
}

/** Sends bytes that need not be HTTP, and reads the answer. */
async function sendRaw(baseUrl: string, bytes: string) {
  const { port, hostname } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  socket.end(bytes);
  return text(socket);
}

test('what the API logs, traces and counts contains no credential and nothing that a user wrote', async () => {
  const listened = listen('api');
  const api = await testApi({ log: listened.log, traceReads: 1 });
  onTestFinished(() => api.stop());
  const key = await api.issueKey('owner');
  const token = tokenOf('eyJzdWIiOiJhZGEifQ');
  const session = 'c2Vzc2lvbi1zZWNyZXQtb2YtYWRhLXdpdGgtbWFueS1kaWdpdHM';
  const call = (method: string, path: string, init: Parameters<typeof api.call>[2] = {}) =>
    api.call(method, path, { key, ...init }).then((answer) => answer.text());
  await call('POST', '/api/v1/portfolios', { json: { slug: portfolio, name: words, description: words } });
  const studies = `/api/v1/portfolios/${portfolio}/case-studies`;
  const study = { slug: 'faster', title: words, body: words };
  await call('POST', studies, { json: study, headers: { 'idempotency-key': words } });
  const hook = {
    url: `https://receiver.example/${words.split(' ')[0]}?token=${key}`,
    events: ['job.failed'],
  };
  const made = JSON.parse(await call('POST', `/api/v1/portfolios/${portfolio}/webhooks`, { json: hook })) as {
    secret: string;
  };

  // Where credentials and words do not belong, or are refused.
  const query = new URLSearchParams({ q: words, access_token: key, token }).toString();
  await call('GET', `${studies}?${query}`);
  await call('GET', `${studies}?${query}`, { key: '' });
  await call('GET', `/api/v1/portfolios/${key}`, { headers: { traceparent: key, tracestate: `a=${key}` } });
  await call('GET', `/api/v1/portfolios/%20${token}/case-studies`, { key: token });
  await call('GET', `/nowhere/${made.secret}?${query}`, { headers: { 'x-api-key': key, referer: words } });
  await call('POST', studies, { json: { slug: words, title: { token, words }, [key]: words } });
  await call('POST', studies, {
    body: `{"title":"${words}`,
    headers: { 'content-type': 'application/json' },
  });
  await call('GET', '/api/v1/me', { key: '', headers: { cookie: `__Host-session=${session}` } });
  await sendRaw(api.baseUrl, `GET /${key} HTTP/9\r\nauthorization: Bearer ${key}\r\n${words}\r\n\r\n`);
  const client = createClient({ baseUrl: api.baseUrl, apiKey: key, retries: 0 });
  await result(client.caseStudy.read.query({ portfolio, slug: words }));
  await new Promise<void>((done) => {
    const failed = createClient({ baseUrl: api.baseUrl, apiKey: token });
    failed.job.events.subscribe({ id: words }, { onError: () => done(), onComplete: done });
  });

  // The database refuses the statement with all that it was given.
  await api.ownerSql`alter table case_study_revisions rename to revisions_elsewhere`;
  await call('POST', studies, { json: { ...study, slug: 'failing' } });
  await result(client.caseStudy.create.mutate({ portfolio, ...study, slug: 'failing' }));

  const secrets = { key, token, session, secret: made.secret, words, word: 'zebra' };
  expect(await listened.find(secrets)).toEqual([]);
});

test('what a worker logs, traces and counts contains no credential and nothing that a user wrote', async () => {
  const listened = listen('worker');
  const platform = await testServices();
  onTestFinished(() => platform.stop());
  const ctx = platform.as(owner);
  const url = `http://127.0.0.1:${await refusingServer()}/${words.split(' ')[0]}?sig=abcdef0123456789`;
  const unreachable = `http://127.0.0.1:${await freePort()}/zebra?token=abcdef0123456789`;
  await operations.portfolio.create.run(ctx, { slug: portfolio, name: words });

  const events = ['job.failed' as const];
  const hook = await operations.webhook.create.run(ctx, { portfolio, url: 'https://example.com/', events });
  const runner = testRunner(platform, {
    log: listened.log,
    handlers: createHandlers({
      allowPrivate: true,
      encryption: platform.encryption,
      scanner: null,
      log: listened.log,
    }),
  });
  for (const receiver of [url, unreachable]) {
    await platform.sql`update webhooks set url = ${receiver} where id = ${hook.id}`;
    const { job } = await operations.webhook.test.run(ctx, { portfolio, id: hook.id });
    await runAttempt(runner, job!);
  }

  const evidence = { portfolio, slug: 'synced' };
  const sourceUrl = 'https://example.com/';
  await operations.evidence.create.run(ctx, { ...evidence, title: words, sourceUrl });
  for (const source of [url, unreachable]) {
    await platform.sql`update evidence set source_url = ${source}`;
    const { id } = await operations.evidence.sync.run(ctx, evidence);
    await makeDue(platform.db, id);
    await runAttempt(runner, id);
    await operations.job.cancel.run(ctx, { id }).catch(() => {});
  }

  const study = { portfolio, slug: 'faster' };
  await operations.caseStudy.create.run(ctx, { ...study, title: words, body: `# ${words}` });
  const { id: exported } = await operations.caseStudy.export.run(ctx, study);
  await runAttempt(runner, exported);
  const { id: failing } = await operations.caseStudy.export.run(ctx, study);
  await platform.ownerSql`alter table claims rename to claims_elsewhere`;
  await runAttempt(runner, failing);

  const secrets = { secret: hook.secret, words, word: 'zebra', parameter: 'abcdef0123456789' };
  expect(await listened.find(secrets)).toEqual([]);
});

/** A server of a user that refuses everything, and tells secrets and words in its answers. */
async function refusingServer(): Promise<number> {
  const port = await freePort();
  const server = createServer((_request, response) => {
    response.writeHead(400, words, { 'x-words': words, 'set-cookie': words }).end(words);
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}
