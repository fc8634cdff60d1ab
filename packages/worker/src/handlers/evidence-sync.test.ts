import { operations } from '@portfolio/core';
import { evidence as evidenceTable } from '@portfolio/core/evidence/evidence.sql';
import { contentKey, stagingKey } from '@portfolio/core/upload/keys';
import { eq } from 'drizzle-orm';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testRunner } from '../../../../tests/support/runner.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, sha256Of } from '../../../../tests/support/upload.ts';
import { runJob } from '../run-job.ts';

const { evidence } = operations;
const owner = user('owner');
const portfolio = 'team';

let platform: TestServices;
let portfolioId: string;
let origin: string;
let answer: (response: ServerResponse) => void;
const source = createServer((_request, response) => answer(response));

beforeAll(async () => {
  platform = await testServices();
  const created = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  });
  portfolioId = created.id;
  await new Promise<void>((listening) => source.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(source.address() as AddressInfo).port}`;
});
afterAll(async () => {
  source.closeAllConnections();
  source.close();
  await platform.stop();
});

let count = 0;
let at: { portfolio: string; slug: string };
beforeEach(async () => {
  at = { portfolio, slug: `synced-${++count}` };
  const sourceUrl = 'https://status.example/';
  const { id } = await evidence.create.run(platform.as(owner), { ...at, title: 'Synced', sourceUrl });
  // The API takes https only, which the test's own server does not speak.
  await platform.db
    .update(evidenceTable)
    .set({ sourceUrl: `${origin}/figures/latest.csv` })
    .where(eq(evidenceTable.id, id));
});

const read = () => evidence.read.run(platform.as(owner), at);
const serve = (
  body: string,
  status = 200,
  headers: Record<string, string> = { 'content-type': 'text/csv' },
) => {
  answer = (response) => response.writeHead(status, headers).end(body);
};

/** Runs a sync as the worker does; resolves to the job as it then is. */
async function sync({ allowPrivate = true } = {}) {
  const { bucket } = platform;
  const { id } = await evidence.sync.run(platform.as(owner), at);
  await runJob(testRunner(platform, { allowPrivate }), id, async () => {}, new AbortController().signal);
  expect(await bucket.get(stagingKey(portfolioId, `${id}-1`))).toBeNull();
  return operations.job.read.run(platform.as(owner), { id });
}

test('the first sync makes the first version, of what the source has', async () => {
  serve('a,b\n1,2\n');
  const sha256 = sha256Of(bytesOf('a,b\n1,2\n'));
  const job = await sync();
  expect(job).toMatchObject({
    state: 'succeeded',
    result: { version: 1, changed: true, sha256, sizeBytes: 8 },
  });
  expect(await read()).toMatchObject({
    standing: 'fresh',
    latest: {
      number: 1,
      sha256,
      fileName: 'latest.csv',
      contentType: 'text/csv',
      fetchedFrom: `${origin}/figures/latest.csv`,
    },
  });
  const { url } = await evidence.content.run(platform.as(owner), at);
  expect(await (await fetch(url)).text()).toBe('a,b\n1,2\n');
  await expect(operations.job.result.run(platform.as(owner), { id: job.id })).rejects.toMatchObject({
    code: 'conflict',
  });
});

test('an unchanged source makes no version and keeps the evidence fresh; a changed one makes the next', async () => {
  serve('one');
  await sync();
  await platform.db
    .update(evidenceTable)
    .set({ checkedAt: '2020-01-01T00:00:00Z', freshForSeconds: 60 })
    .where(eq(evidenceTable.slug, at.slug));
  expect((await read()).standing).toBe('stale');
  expect(await sync()).toMatchObject({ result: { version: 1, changed: false } });
  expect(await read()).toMatchObject({ standing: 'fresh', latest: { number: 1 } });
  serve('two');
  expect(await sync()).toMatchObject({ result: { version: 2, changed: true } });
  expect((await read()).latest?.number).toBe(2);
});

test('large content goes through whole', async () => {
  serve('x'.repeat(12_000_000));
  expect(await sync()).toMatchObject({ state: 'succeeded', result: { sizeBytes: 12_000_000 } });
});

describe('a source that is gone', () => {
  test.each([404, 410])('with status %d breaks the evidence until it is back', async (status) => {
    serve('here');
    await sync();
    serve('', status);
    expect(await sync()).toMatchObject({ state: 'failed', error: { code: 'source_vanished' } });
    expect(await read()).toMatchObject({
      standing: 'broken',
      problem: 'source-vanished',
      latest: { number: 1 },
    });
    serve('here');
    await sync();
    expect(await read()).toMatchObject({ standing: 'fresh', problem: null, latest: { number: 1 } });
  });
});

test('lost bytes come back with a sync', async () => {
  serve('kept');
  await sync();
  const key = contentKey('evidence', portfolioId, sha256Of(bytesOf('kept')));
  await platform.bucket.remove(key);
  expect(await evidence.verify.run(platform.as(owner), at)).toMatchObject({ problem: 'bytes-lost' });
  await sync();
  expect(await evidence.verify.run(platform.as(owner), at)).toMatchObject({ standing: 'fresh' });
});

describe('what does not work leaves the evidence as it was, and says why', () => {
  test.each([
    ['an error of the source', () => serve('', 503), { error: { code: 'source_refused' } }],
    ['a refusal', () => serve('', 403), { error: { code: 'source_refused' } }],
    [
      'a broken answer',
      () => {
        answer = (response) => {
          response.writeHead(200, { 'content-length': '100' }).write('half');
          response.socket?.end();
        };
      },
      { error: { code: 'source_unreachable' } },
    ],
  ])('%s is tried again', async (_, prepare, expected) => {
    serve('before');
    await sync();
    const before = await read();
    prepare();
    expect(await sync()).toMatchObject({
      state: 'queued',
      ...expected,
      retryAt: expect.any(String) as string,
    });
    expect(await read()).toEqual(before);
  });

  test.each([
    ['too many redirects', () => serve('', 302, { location: '/' }), 'source_too_many_redirects'],
    [
      'a file that is too large',
      () => {
        answer = (response) => {
          const chunk = Buffer.alloc(1024 * 1024);
          const more = () => {
            while (!response.destroyed && response.write(chunk));
            response.once('drain', more);
          };
          more();
        };
      },
      'source_too_large',
    ],
  ])('%s is not tried again', async (_, prepare, code) => {
    prepare();
    expect(await sync()).toMatchObject({ state: 'failed', error: { code } });
    expect((await read()).latest).toBeNull();
  });

  test('an address that is not public is not reached at all', async () => {
    let reached = false;
    answer = (response) => {
      reached = true;
      response.end();
    };
    const code = 'source_forbidden_address';
    expect(await sync({ allowPrivate: false })).toMatchObject({ state: 'failed', error: { code } });
    expect(reached).toBe(false);
  });
});
