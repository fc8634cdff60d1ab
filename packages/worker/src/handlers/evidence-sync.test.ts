import { operations } from '@portfolio/core';
import {
  evidenceDownloads,
  evidence as evidenceTable,
  evidenceVersions,
} from '@portfolio/core/evidence/evidence.sql';
import { removeAbandonedDownloads } from '@portfolio/core/evidence/download';
import { jobs } from '@portfolio/core/job/job.sql';
import { createScanner } from '@portfolio/core/runtime/scanner';
import { contentKey } from '@portfolio/core/upload/keys';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import { provenance } from '@portfolio/core/telemetry/contract';
import { traceparentOf } from '@portfolio/core/telemetry/trace';
import { webhookEvents } from '@portfolio/core/webhook/webhook.sql';
import { eq, sql } from 'drizzle-orm';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasClamav, startClamav, testMalware, testThreat } from '../../../../tests/support/clamav.ts';
import { eventually } from '../../../../tests/support/eventually.ts';
import { claimJob, makeDue } from '../../../../tests/support/jobs.ts';
import { type RunnerSettings, runAttempt, testRunner } from '../../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../../tests/support/services.ts';
import { recordTelemetry } from '../../../../tests/support/telemetry.ts';
import { bytesOf, sha256Of } from '../../../../tests/support/upload.ts';
import { LeaseLost } from '../leases.ts';
import { createHandlers } from './index.ts';

const { evidence } = operations;
const owner = user('owner');
const portfolio = 'team';

let platform: TestServices;
let portfolioId: string;
let origin: string;
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let requests: IncomingMessage['headers'][] = [];
const source = createServer((request, response) => {
  requests.push(request.headers);
  answer(response, request);
});

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
  requests = [];
  const sourceUrl = 'https://status.example/';
  const { id } = await evidence.create.run(platform.as(owner), { ...at, title: 'Synced', sourceUrl });
  // Set in the database: the API accepts https only, which the test's server does not support.
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

/** Requests a sync; resolves to the id of the job. */
const requestSync = async () => (await evidence.sync.run(platform.as(owner), at)).id;

/** Runs the next attempt of a job as the worker does; resolves to the job afterwards. */
async function attempt(
  id: string,
  { allowPrivate = true, stop = new AbortController().signal, ...others }: RunnerSettings = {},
) {
  await makeDue(platform.db, id);
  await runAttempt(testRunner(platform, { allowPrivate, stop, ...others }), id, stop);
  return operations.job.read.run(platform.as(owner), { id });
}

const sync = async (options = {}) => attempt(await requestSync(), options);

const change = (values: object) =>
  platform.db.update(evidenceTable).set(values).where(eq(evidenceTable.slug, at.slug));
const downloads = () => platform.db.select().from(evidenceDownloads);

// Tests do not see the leftovers of earlier ones.
beforeEach(async () => {
  await platform.db.delete(webhookEvents);
  await platform.db.delete(evidenceDownloads);
});

test('the first sync creates the first version from the bytes of the source', async () => {
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

test('an unchanged source creates no version and keeps the evidence fresh; a changed one creates the next version', async () => {
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

test('large content is stored completely', async () => {
  serve('x'.repeat(12_000_000));
  expect(await sync()).toMatchObject({ state: 'succeeded', result: { sizeBytes: 12_000_000 } });
});

describe('a missing source', () => {
  const broken = { standing: 'broken', problem: 'source-vanished', latest: { number: 1 } };
  const vanished = { state: 'failed', error: { code: 'source_vanished' } };

  test('with status 410 breaks the evidence until the source is available again', async () => {
    serve('here');
    await sync();
    serve('', 410);
    expect(await sync()).toMatchObject(vanished);
    expect(await read()).toMatchObject(broken);
    serve('here');
    await sync();
    expect(await read()).toMatchObject({ standing: 'fresh', problem: null, latest: { number: 1 } });
  });

  test('with status 404 breaks the evidence only if it is still missing after an hour', async () => {
    serve('here');
    await sync();
    const before = await read();
    serve('', 404);
    const id = await requestSync();
    for (let times = 0; times < 2; times += 1) {
      expect(await attempt(id)).toMatchObject({ state: 'queued', error: { code: 'source_missing' } });
    }
    expect(await read()).toEqual(before);
    await change({ missingSince: sql`now() - interval '61 minutes'` });
    expect(await attempt(id)).toMatchObject(vanished);
    expect(await read()).toMatchObject(broken);
    expect(await sync()).toMatchObject(vanished);
  });

  test('that is available again within the hour does not break the evidence', async () => {
    serve('here');
    await sync();
    serve('', 404);
    const id = await requestSync();
    await attempt(id);
    await change({ missingSince: sql`now() - interval '61 minutes'` });
    serve('here');
    await attempt(id);
    serve('', 404);
    expect(await sync()).toMatchObject({ error: { code: 'source_missing' } });
    expect(await read()).toMatchObject({ standing: 'fresh' });
  });
});

test('syncs are counted by what they found', async () => {
  await using telemetry = recordTelemetry('worker');
  serve('first');
  await sync();
  await sync();
  serve('', 410);
  await sync();
  serve('', 500);
  await sync();
  const lines = await telemetry.series(provenance.syncs);
  const found = lines.filter((line) => !line.endsWith(' 0')).map((line) => line.replace(/^\w+/, ''));
  expect(found).toEqual([
    '{outcome="changed"} 1',
    '{outcome="unchanged"} 1',
    '{outcome="missing"} 1',
    '{outcome="failed"} 1',
  ]);
});

test('a sync restores lost bytes', async () => {
  serve('stored');
  await sync();
  const key = contentKey('evidence', portfolioId, sha256Of(bytesOf('stored')));
  await platform.bucket.remove(key);
  expect(await evidence.verify.run(platform.as(owner), at)).toMatchObject({ problem: 'bytes-lost' });
  await sync();
  expect(await evidence.verify.run(platform.as(owner), at)).toMatchObject({ standing: 'fresh' });
});

describe('a failed sync leaves the evidence unchanged and reports why', () => {
  test.each([
    ['an error of the source', () => serve('', 503), { error: { code: 'source_refused' } }],
    ['a refusal', () => serve('', 403), { error: { code: 'source_refused' } }],
    [
      'an incomplete response',
      () => {
        answer = (response) => {
          response.writeHead(200, { 'content-length': '100' }).write('half');
          response.socket?.end();
        };
      },
      { error: { code: 'source_unreachable' } },
    ],
  ])('%s is retried', async (_, prepare, expected) => {
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
  ])('%s is not retried', async (_, prepare, code) => {
    prepare();
    expect(await sync()).toMatchObject({ state: 'failed', error: { code } });
    expect((await read()).latest).toBeNull();
  });

  test('no request is sent to an address that is not public', async () => {
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

const serveWith = (headers: Record<string, string>) => serve('same', 200, headers);

const unchanged = () => serve('', 304);

describe('a validator of the source', () => {
  const longAgo = 'Mon, 01 Jun 2026 10:00:00 GMT';

  test.each([
    ['a strong ETag', { etag: '"one"' }, { 'if-none-match': '"one"' }],
    ['a weak ETag', { etag: 'W/"one"' }, { 'if-none-match': 'W/"one"' }],
    ['a date', { 'last-modified': longAgo }, { 'if-modified-since': longAgo }],
    ['an ETag and a date', { etag: '"one"', 'last-modified': longAgo }, { 'if-none-match': '"one"' }],
  ])(
    '%s: the next request is conditional, and "not modified" counts as a check',
    async (_, headers, expected) => {
      serveWith(headers);
      await sync();
      await change({ checkedAt: '2020-01-01T00:00:00Z', freshForSeconds: 60 });
      unchanged();
      const sha256 = sha256Of(bytesOf('same'));
      expect(await sync()).toMatchObject({
        state: 'succeeded',
        result: { version: 1, changed: false, sha256, sizeBytes: 4 },
      });
      expect(await read()).toMatchObject({ standing: 'fresh', latest: { number: 1 } });
      expect(requests[0]).not.toHaveProperty(Object.keys(expected)[0]!);
      expect(requests[1]).toMatchObject(expected);
    },
  );

  test.each<[string, () => Record<string, string>]>([
    ['a date too recent to distinguish changes', () => ({ 'last-modified': new Date().toUTCString() })],
    ['an invalid ETag', () => ({ etag: 'one' })],
    ['none', () => ({})],
  ])('%s: the next request is unconditional', async (_, headersNow) => {
    serveWith(headersNow());
    await sync();
    await sync();
    expect(requests[1]).not.toHaveProperty('if-none-match');
    expect(requests[1]).not.toHaveProperty('if-modified-since');
  });

  test('is not sent after bytes were lost or the source was changed', async () => {
    serveWith({ etag: '"one"' });
    await sync();
    await change({ problem: 'bytes-lost' });
    await sync();
    const moved = { ...at, sourceUrl: 'https://moved.example/', expectedVersion: '*' as const };
    await evidence.update.run(platform.as(owner), moved);
    await change({ sourceUrl: `${origin}/moved.csv` });
    await sync();
    for (const headers of requests) expect(headers).not.toHaveProperty('if-none-match');
    expect(await read()).toMatchObject({ standing: 'fresh', problem: null });
  });

  test('applies only to the address that sent it', async () => {
    serveWith({ etag: '"one"' });
    await sync();
    answer = (response, { url, headers }) => {
      if (!url!.includes('elsewhere')) response.writeHead(302, { location: '/elsewhere' }).end();
      else if (headers['if-none-match']) response.writeHead(304).end();
      else response.end('other');
    };
    expect(await sync()).toMatchObject({ result: { version: 2, changed: true } });
  });

  test.each([
    ['before the first version', async () => {}],
    [
      'for bytes without a validator',
      async () => {
        serve('same');
        await sync();
      },
    ],
  ])('is required for "not modified", which is refused %s', async (_, before) => {
    await before();
    const { latest } = await read();
    unchanged();
    expect(await sync()).toMatchObject({ state: 'queued', error: { code: 'source_refused' } });
    expect((await read()).latest).toEqual(latest);
  });
});

/** The stored size of the only download: roughly what arrived before it was interrupted. */
async function storedBytes() {
  const [download] = await downloads();
  return download!.parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

describe('an interrupted download', () => {
  const bytes = Buffer.alloc(3_000_000, 'abcdefghijklm');
  const interruptedAt = 2_000_000;
  const sha256 = sha256Of(bytes);
  const whole = { state: 'succeeded', result: { sha256, sizeBytes: bytes.length, version: 1 } };
  const etag = '"one"';

  /** Serves the requested range up to `until`, and closes the connection there. */
  const serveRanges = (headers: Record<string, string>, until = bytes.length) => {
    answer = (response, request) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const isRest = from > 0 && request.headers['if-range'] === headers['etag'];
      const rest = isRest ? bytes.subarray(from) : bytes;
      const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
      response.writeHead(isRest ? 206 : 200, {
        'content-length': rest.length,
        ...(isRest && { 'content-range': range }),
        ...headers,
      });
      const sent = until - (isRest ? from : 0);
      response.write(rest.subarray(0, sent), () => sent < rest.length && response.socket?.end());
      if (sent >= rest.length) response.end();
    };
  };

  /** A job whose first attempt was interrupted. */
  async function interrupted(headers: Record<string, string> = { etag }) {
    serveRanges(headers, interruptedAt);
    const id = await requestSync();
    expect(await attempt(id)).toMatchObject({ state: 'queued', error: { code: 'source_unreachable' } });
    return id;
  }

  async function expectWhole(id: string) {
    const [before] = await downloads();
    expect(await attempt(id)).toMatchObject(whole);
    const key = contentKey('evidence', portfolioId, sha256);
    expect(sha256Of((await platform.bucket.get(key))!)).toBe(sha256);
    expect(await downloads()).toEqual([]);
    for (const left of before?.keys ?? []) expect(await platform.bucket.get(left)).toBeNull();
  }

  test('is resumed where it stopped, any number of times', async () => {
    const id = await interrupted();
    const first = await storedBytes();
    serveRanges({ etag }, 2_700_000);
    expect(await attempt(id)).toMatchObject({ state: 'queued' });
    const second = await storedBytes();
    serveRanges({ etag });
    await expectWhole(id);
    const ranges = requests.map((headers) => [headers.range, headers['if-range']]);
    expect(ranges).toEqual([
      [undefined, undefined],
      [`bytes=${first}-`, etag],
      [`bytes=${second}-`, etag],
    ]);
    expect(second).toBeGreaterThan(first);
  });

  test('of a stopped worker is resumed after the stored parts', async () => {
    const stop = new AbortController();
    const id = await requestSync();
    const large = Buffer.alloc(10_000_000, bytes);
    answer = (response, { headers: { range } }) => {
      const from = Number(/\d+/.exec(range ?? '')?.[0] ?? 0);
      const contentRange = { 'content-range': `bytes ${from}-${large.length - 1}/${large.length}` };
      response.writeHead(range ? 206 : 200, { etag, ...(range && contentRange) });
      if (range) response.end(large.subarray(from));
      else response.write(large.subarray(0, -1));
    };
    const stopped = attempt(id, { stop: stop.signal });
    await eventually(async () => expect((await downloads())[0]?.parts).toHaveLength(1));
    stop.abort();
    expect(await stopped).toMatchObject({ state: 'queued', error: { code: 'worker_stopped' } });
    const [download] = await downloads();
    expect(await attempt(id)).toMatchObject({ state: 'succeeded', result: { sha256: sha256Of(large) } });
    expect(requests[1]!.range).toBe(`bytes=${download!.parts[0]!.sizeBytes}-`);
  });

  test('that was complete needs no further request', async () => {
    const id = await interrupted();
    const sizeBytes = await storedBytes();
    await platform.db.update(evidenceDownloads).set({ sizeBytes });
    expect(await attempt(id)).toMatchObject({ state: 'succeeded', result: { sizeBytes } });
    expect(requests).toHaveLength(1);
  });

  test.each<[string, Record<string, string>]>([
    ['a weak ETag', { etag: 'W/"one"' }],
    ['no ETag', {}],
  ])('starts over if the source sent %s', async (_, headers) => {
    const id = await interrupted(headers);
    serveRanges(headers);
    await expectWhole(id);
    expect(requests[1]).not.toHaveProperty('range');
  });

  test('starts over if the source has changed', async () => {
    const id = await interrupted();
    serve('other', 200, { etag: '"two"' });
    expect(await attempt(id)).toMatchObject({ state: 'succeeded', result: { sizeBytes: 5 } });
    expect(await downloads()).toEqual([]);
  });

  const all = bytes.length;
  /** Status and headers of wrong responses to a request for the rest that begins at `from`. */
  test.each<[string, number, (from: number) => Record<string, string>]>([
    ['from another offset', 206, () => ({ etag, 'content-range': `bytes 0-${all - 1}/${all}` })],
    ['not to the end', 206, (from) => ({ etag, 'content-range': `bytes ${from}-${all - 2}/${all}` })],
    ['of another total size', 206, (from) => ({ etag, 'content-range': `bytes ${from}-${all}/${all + 1}` })],
    [
      'with another ETag',
      206,
      (from) => ({ etag: '"two"', 'content-range': `bytes ${from}-${all - 1}/${all}` }),
    ],
    ['without an ETag', 206, (from) => ({ 'content-range': `bytes ${from}-${all - 1}/${all}` })],
    [
      'in another coding',
      206,
      (from) => ({ etag, 'content-encoding': 'gzip', 'content-range': `bytes ${from}-${all - 1}/${all}` }),
    ],
    ['without a range', 206, () => ({ etag })],
    ['in several ranges', 206, () => ({ etag, 'content-type': 'multipart/byteranges; boundary=x' })],
    ['beyond its end', 416, () => ({ 'content-range': `bytes */${all}` })],
  ])('starts over if the source sends a part %s', async (_, status, headersFrom) => {
    const id = await interrupted();
    const from = await storedBytes();
    serveRanges({ etag });
    const sendWhole = answer;
    answer = (response, request) => {
      if (request.headers.range) response.writeHead(status, headersFrom(from)).end(bytes.subarray(from));
      else sendWhole(response, request);
    };
    await expectWhole(id);
  });

  test('starts over if a part was lost', async () => {
    const id = await interrupted();
    const [download] = await downloads();
    await platform.bucket.remove(download!.keys[0]!);
    serveRanges({ etag });
    await expectWhole(id);
    expect(requests[1]).not.toHaveProperty('range');
  });

  test('starts over after a change of the source', async () => {
    const id = await interrupted();
    await change({ sourceUrl: `${origin}/other.csv` });
    serveRanges({ etag });
    await expectWhole(id);
    expect(requests[1]).not.toHaveProperty('range');
  });

  test('of a cancelled job is removed completely, and no other is', async () => {
    const id = await interrupted();
    expect(await removeAbandonedDownloads(platform)).toBe(0);
    const keys = (await downloads()).flatMap((download) => download.keys);
    await operations.job.cancel.run(platform.as(owner), { id });
    expect(await removeAbandonedDownloads(platform)).toBe(1);
    expect(await downloads()).toEqual([]);
    expect(keys).toHaveLength(1);
    for (const key of keys) expect(await platform.bucket.get(key)).toBeNull();
  });
});

type Claimed = { lease: Lease; attempt: number };

const claim = async (id: string): Promise<Claimed> => {
  const lease = { id, token: randomUUID() };
  const claimed = await claimJob(platform.db, lease, 30);
  return { lease, attempt: claimed!.attempt };
};

/** Ends the lease of a job, as the reaper does when its worker is lost. */
const lose = async (id: string) => {
  await platform.db
    .update(jobs)
    .set({ leaseUntil: sql`now() - interval '1 second'` })
    .where(eq(jobs.id, id));
  await transitions.reapLost(platform.db);
};

/** Runs an attempt that may have lost its lease without notice, as in a frozen worker. */
const handle = async (id: string, { lease, attempt: number }: Claimed, bucket = platform.bucket) => {
  const [row] = await platform.db.select().from(jobs).where(eq(jobs.id, id));
  const handler = await createHandlers({
    allowPrivate: true,
    encryption: platform.encryption,
    scanner: null,
    log: silentLog,
  })['evidence.sync']();
  return handler(row!.payload as { evidenceId: string }, {
    db: platform.db,
    reader: platform.db,
    bucket,
    job: { id, portfolioId, attempt: number, traceparent: traceparentOf() },
    signal: new AbortController().signal,
    progress: () => {},
    async requireLease(tx) {
      if (!(await transitions.lockLease(tx, lease))) throw new LeaseLost();
    },
  });
};

describe('a sync takes effect once', () => {
  test.each<[string, () => void]>([
    ['version', () => serve('late')],
    ['check', () => serve('', 304)],
    ['mark that the source is missing', () => serve('', 410)],
  ])('an attempt that lost its lease writes nothing: no %s', async (_, prepare) => {
    serve('first', 200, { etag: '"one"' });
    await sync();
    const id = await requestSync();
    const stale = await claim(id);
    await lose(id);
    const before = await read();
    prepare();
    await expect(handle(id, stale)).rejects.toMatchObject({ name: 'LeaseLost' });
    const current = await claim(id);
    await expect(handle(id, stale)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(await read()).toEqual(before);
    expect(await downloads()).toEqual([]);
    serve('second');
    expect(await handle(id, current)).toMatchObject({ version: 2, changed: true });
    await expect(handle(id, stale)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(await read()).toMatchObject({ latest: { number: 2, sha256: sha256Of(bytesOf('second')) } });
  });

  test('an attempt that lost its lease is not counted as a sync that failed', async () => {
    await using telemetry = recordTelemetry('worker');
    const id = await requestSync();
    const stale = await claim(id);
    await lose(id);
    serve('late');
    await expect(handle(id, stale)).rejects.toMatchObject({ name: 'LeaseLost' });
    const lines = await telemetry.series(provenance.syncs);
    expect(lines.filter((line) => !line.endsWith(' 0'))).toEqual([]);
  });

  test('an attempt after one that was interrupted at its very end finds the work done', async () => {
    serve('first');
    const id = await requestSync();
    const done = await handle(id, await claim(id));
    serve('changed meanwhile');
    await lose(id);
    expect(await attempt(id)).toMatchObject({ state: 'succeeded', result: done });
    expect(done).toMatchObject({ version: 1, changed: true });
    expect(requests).toHaveLength(1);
    expect(
      await platform.db.select().from(evidenceVersions).where(eq(evidenceVersions.jobId, id)),
    ).toHaveLength(1);
  });
});

test('the memory that a body takes depends on its size, not on the size of its chunks', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapBytes = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const chunks = 40_000;
  answer = (response) => {
    response.socket!.setNoDelay(true);
    let left = chunks;
    // Each chunk is one byte, in its own packet.
    const more = () => {
      if (left === 0) return response.end();
      left -= 1;
      return response.write('x', () => setImmediate(more));
    };
    more();
  };
  const id = await requestSync();
  const before = heapBytes();
  const taken: number[] = [];
  const bucket: typeof platform.bucket = {
    ...platform.bucket,
    put(...file) {
      taken.push(heapBytes() - before);
      return platform.bucket.put(...file);
    },
  };
  expect(await handle(id, await claim(id), bucket)).toMatchObject({ sizeBytes: chunks });
  expect(taken[0]).toBeLessThan(50 * chunks);
});

describe('bytes are stored as received', () => {
  test('even if compressed without request: a decompression bomb stays small', async () => {
    const bomb = gzipSync(Buffer.alloc(150_000_000));
    answer = (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/csv' }).end(bomb);
    expect(await sync()).toMatchObject({
      state: 'succeeded',
      result: { sizeBytes: bomb.length, sha256: sha256Of(bomb) },
    });
    const { latest } = await read();
    expect(latest).toMatchObject({ contentType: 'application/gzip', fileName: 'latest.csv.gz' });
    expect(requests[0]!['accept-encoding']).toBe('identity');
  });

  test('with their detected type, whatever the source declares', async () => {
    serve('%PDF-1.7', 200, { 'content-type': 'text/html' });
    await sync();
    expect((await read()).latest).toMatchObject({ contentType: 'application/pdf' });
  });

  test('even if empty', async () => {
    serve('');
    expect(await sync()).toMatchObject({
      state: 'succeeded',
      result: { sizeBytes: 0, sha256: sha256Of(bytesOf('')) },
    });
  });
});

/** Syncs a source that redirects to a path. Resolves to the name of the file. */
async function nameAfterRedirect(location: string) {
  answer = (response, { url }) =>
    url === location ? response.end(location) : response.writeHead(302, { location }).end();
  await sync();
  const { latest } = await read();
  expect(latest).toMatchObject({ origin: 'source', fetchedFrom: origin + location });
  return latest?.fileName;
}

test('the name of a file comes from the source where a redirect leads to a name without extension', async () => {
  expect(await nameAfterRedirect('/blobs/9f2c41d0a7e84')).toBe('latest.csv');
  expect(await nameAfterRedirect('/v2/june.csv')).toBe('june.csv');
});

test('requests to sources carry no credentials and no cookies', async () => {
  serve('here', 200, { 'set-cookie': 'a=b', etag: '"one"' });
  await sync();
  await sync();
  const always = ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'];
  expect(requests.map((headers) => Object.keys(headers).toSorted())).toEqual([
    always,
    [...always, 'if-none-match'].toSorted(),
  ]);
});

const takeEvents = async () => {
  const rows = await platform.db.delete(webhookEvents).returning();
  return rows
    .filter(({ type }) => !type.startsWith('job.'))
    .toSorted((one, other) => one.id - other.id)
    .map(({ type, data }) => ({ type, data }));
};

const cite = async (version?: number) => {
  const claims = [{ key: 'claim', statement: 'It is so.', evidence: [{ slug: at.slug, version }] }];
  const study = { portfolio, slug: `${at.slug}-study`, title: 'Study', claims };
  await operations.caseStudy.create.run(platform.as(owner), study);
};

const claimIs = (standing: string, before: string, latestVersion: number, why: string | null) => ({
  type: `claim.${standing}`,
  data: {
    caseStudy: `${at.slug}-study`,
    claim: 'claim',
    statement: 'It is so.',
    standing,
    before,
    cites: [{ evidence: at.slug, seenVersion: 1, latestVersion, why }],
  },
});

const address = () => `${origin}/figures/latest.csv`;
const about = () => ({ evidence: at.slug, sourceUrl: address() });

const changed = (text: string, version: number) => ({
  type: 'evidence.changed',
  data: { ...about(), version, sha256: sha256Of(bytesOf(text)), sizeBytes: 3 },
});

describe('webhooks are notified once of each change', () => {
  test('in the trace of the job that has found it, also where nothing is recorded', async () => {
    serve('one');
    await sync();
    await cite(1);
    await platform.db.delete(webhookEvents);
    serve('two');
    const { traceId } = await sync();
    const events = await platform.db.delete(webhookEvents).returning();
    const traces = events.map(({ type, traceparent }) => [type, traceparent?.slice(3, 35)]);
    expect(traces).toEqual(
      expect.arrayContaining([
        ['evidence.changed', traceId],
        ['claim.stale', traceId],
      ]),
    );
  });

  test('of a source that changes and changes back', async () => {
    serve('one');
    await sync();
    await cite();
    expect(await takeEvents()).toEqual([]);
    serve('two');
    await sync();
    expect(await takeEvents()).toEqual([changed('two', 2), claimIs('stale', 'backed', 2, 'changed')]);
    await sync();
    expect(await takeEvents()).toEqual([]);
    serve('one');
    await sync();
    expect(await takeEvents()).toEqual([changed('one', 3), claimIs('backed', 'stale', 3, null)]);
  });

  test('of a source by its address without query and fragment, since messages leave the platform', async () => {
    await change({ sourceUrl: `${address()}?token=secret#secret` });
    serve('one');
    await sync();
    serve('two');
    await sync();
    expect(await takeEvents()).toEqual([changed('two', 2)]);
  });

  test('of a source that vanishes and is available again', async () => {
    serve('one');
    await sync();
    await cite();
    serve('', 410);
    await sync();
    expect(await takeEvents()).toEqual([
      { type: 'evidence.vanished', data: { ...about(), version: 1, status: 410 } },
      claimIs('broken', 'backed', 1, 'source-vanished'),
    ]);
    await sync();
    expect(await takeEvents()).toEqual([]);
    serve('one');
    await sync();
    expect(await takeEvents()).toEqual([claimIs('backed', 'broken', 1, null)]);
  });

  test('of bytes that are lost and restored', async () => {
    serve('one');
    await sync();
    await cite();
    await platform.bucket.remove(contentKey('evidence', portfolioId, sha256Of(bytesOf('one'))));
    const verify = () => evidence.verify.run(platform.as(owner), at);
    await verify();
    await verify();
    expect(await takeEvents()).toEqual([claimIs('broken', 'backed', 1, 'bytes-lost')]);
    await sync();
    expect(await takeEvents()).toEqual([claimIs('backed', 'broken', 1, null)]);
  });
});

describe.skipIf(!hasClamav)('a scanner (needs the Debian package clamav-daemon)', () => {
  let clamav: Awaited<ReturnType<typeof startClamav>>;
  beforeAll(async () => {
    clamav = await startClamav();
    return () => clamav.stop();
  });

  test('quarantines a source with malware: none of it is stored, and the job is not retried', async () => {
    const scanner = createScanner(clamav.address);
    serve('harmless');
    await sync({ scanner });
    serve(testMalware);
    const job = await sync({ scanner });
    expect(job).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: { code: 'quarantined', message: expect.stringContaining(testThreat) },
    });
    const { latest } = await read();
    expect(latest).toMatchObject({ number: 1, sha256: sha256Of(bytesOf('harmless')) });
    const key = contentKey('evidence', portfolioId, sha256Of(bytesOf(testMalware)));
    expect(await platform.bucket.get(key)).toBeNull();
    const [download] = await downloads();
    expect(download!.keys).toHaveLength(1);
    await removeAbandonedDownloads(platform);
    expect(await platform.bucket.get(download!.keys[0]!)).toBeNull();
  });
});

test('while the scanner is unavailable, a sync waits, and nothing is stored', async () => {
  serve('harmless');
  const id = await requestSync();
  const scanner = createScanner({ host: '127.0.0.1', port: 1 });
  expect(await attempt(id, { scanner })).toMatchObject({ state: 'queued', error: { code: 'unavailable' } });
  expect((await read()).latest).toBeNull();
  expect(await attempt(id)).toMatchObject({ state: 'succeeded', result: { version: 1 } });
});
