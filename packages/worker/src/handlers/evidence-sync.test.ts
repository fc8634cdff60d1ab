import { operations } from '@portfolio/core';
import {
  evidenceDownloads,
  evidence as evidenceTable,
  evidenceVersions,
} from '@portfolio/core/evidence/evidence.sql';
import { removeAbandonedDownloads } from '@portfolio/core/evidence/download';
import { jobs } from '@portfolio/core/job/job.sql';
import { contentKey } from '@portfolio/core/upload/keys';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import { webhookEvents } from '@portfolio/core/webhook/webhook.sql';
import { eq, sql } from 'drizzle-orm';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { testRunner } from '../../../../tests/support/runner.ts';
import { type TestServices, silentLog, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, sha256Of } from '../../../../tests/support/upload.ts';
import { runJob } from '../run-job.ts';
import { LeaseLost } from '../watch-lease.ts';
import { createHandlers } from './index.ts';

const { evidence } = operations;
const owner = user('owner');
const portfolio = 'team';

let platform: TestServices;
let portfolioId: string;
let origin: string;
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let asked: IncomingMessage['headers'][] = [];
const source = createServer((request, response) => {
  asked.push(request.headers);
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
  asked = [];
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

/** Asks for a sync. */
const ask = async () => (await evidence.sync.run(platform.as(owner), at)).id;

/** Runs the next attempt of a job as the worker does; resolves to the job as it then is. */
async function attempt(id: string, { allowPrivate = true, stop = new AbortController().signal } = {}) {
  await platform.db
    .update(jobs)
    .set({ runAt: sql`now()` })
    .where(eq(jobs.id, id));
  await runJob(testRunner(platform, { allowPrivate }), id, async () => {}, stop);
  return operations.job.read.run(platform.as(owner), { id });
}

const sync = async (options = {}) => attempt(await ask(), options);

const change = (values: object) =>
  platform.db.update(evidenceTable).set(values).where(eq(evidenceTable.slug, at.slug));
const downloads = () => platform.db.select().from(evidenceDownloads);

// What one test leaves behind is not the next one's.
beforeEach(async () => {
  await platform.db.delete(webhookEvents);
  await platform.db.delete(evidenceDownloads);
});

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
  const broken = { standing: 'broken', problem: 'source-vanished', latest: { number: 1 } };
  const vanished = { state: 'failed', error: { code: 'source_vanished' } };

  test('for good breaks the evidence until it is back', async () => {
    serve('here');
    await sync();
    serve('', 410);
    expect(await sync()).toMatchObject(vanished);
    expect(await read()).toMatchObject(broken);
    serve('here');
    await sync();
    expect(await read()).toMatchObject({ standing: 'fresh', problem: null, latest: { number: 1 } });
  });

  test('at present breaks the evidence when it is still gone after an hour, and not by a hiccup', async () => {
    serve('here');
    await sync();
    const before = await read();
    serve('', 404);
    const id = await ask();
    for (let times = 0; times < 2; times += 1) {
      expect(await attempt(id)).toMatchObject({ state: 'queued', error: { code: 'source_missing' } });
    }
    expect(await read()).toEqual(before);
    await change({ missingSince: sql`now() - interval '61 minutes'` });
    expect(await attempt(id)).toMatchObject(vanished);
    expect(await read()).toMatchObject(broken);
    expect(await sync()).toMatchObject(vanished);
  });

  test('and back within the hour was never gone', async () => {
    serve('here');
    await sync();
    serve('', 404);
    const id = await ask();
    await attempt(id);
    await change({ missingSince: sql`now() - interval '61 minutes'` });
    serve('here');
    await attempt(id);
    serve('', 404);
    expect(await sync()).toMatchObject({ error: { code: 'source_missing' } });
    expect(await read()).toMatchObject({ standing: 'fresh' });
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

const serveWith = (headers: Record<string, string>) => serve('same', 200, headers);

const unchanged = () => serve('', 304);

describe('what the source says of its bytes', () => {
  const longAgo = 'Mon, 01 Jun 2026 10:00:00 GMT';

  test.each([
    ['a strong ETag', { etag: '"one"' }, { 'if-none-match': '"one"' }],
    ['a weak ETag', { etag: 'W/"one"' }, { 'if-none-match': 'W/"one"' }],
    ['a date', { 'last-modified': longAgo }, { 'if-modified-since': longAgo }],
    ['an ETag and a date', { etag: '"one"', 'last-modified': longAgo }, { 'if-none-match': '"one"' }],
  ])(
    '%s, is asked for the next time, and its word that nothing changed is a check',
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
      expect(asked[0]).not.toHaveProperty(Object.keys(expected)[0]!);
      expect(asked[1]).toMatchObject(expected);
    },
  );

  test.each([
    ['a date that is too young to tell changes apart', { 'last-modified': new Date().toUTCString() }],
    ['an ETag that is none', { etag: 'one' }],
    ['nothing', {}],
  ])('%s, is not relied on', async (_, headers) => {
    serveWith(headers);
    await sync();
    await sync();
    expect(asked[1]).not.toHaveProperty('if-none-match');
    expect(asked[1]).not.toHaveProperty('if-modified-since');
  });

  test('is not asked for where bytes were lost, or another source is given', async () => {
    serveWith({ etag: '"one"' });
    await sync();
    await change({ problem: 'bytes-lost' });
    await sync();
    const moved = { ...at, sourceUrl: 'https://moved.example/', expectedVersion: '*' as const };
    await evidence.update.run(platform.as(owner), moved);
    await change({ sourceUrl: `${origin}/moved.csv` });
    await sync();
    for (const headers of asked) expect(headers).not.toHaveProperty('if-none-match');
    expect(await read()).toMatchObject({ standing: 'fresh', problem: null });
  });

  test('counts for the address that said it alone', async () => {
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
    ['before there is anything', async () => {}],
    [
      'of bytes without a validator',
      async () => {
        serve('same');
        await sync();
      },
    ],
  ])('that nothing changed, is refused where it was not asked: %s', async (_, before) => {
    await before();
    const { latest } = await read();
    unchanged();
    expect(await sync()).toMatchObject({ state: 'queued', error: { code: 'source_refused' } });
    expect((await read()).latest).toEqual(latest);
  });
});

/** How much of the one download waits in the bucket: more or less what came before it broke off. */
async function storedBytes() {
  const [download] = await downloads();
  return download!.parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

describe('a download that broke off', () => {
  const bytes = Buffer.alloc(3_000_000, 'abcdefghijklm');
  const brokenAt = 2_000_000;
  const sha256 = sha256Of(bytes);
  const whole = { state: 'succeeded', result: { sha256, sizeBytes: bytes.length, version: 1 } };
  const etag = '"one"';

  /** Sends what is asked for, as far as `until`, and breaks off there. */
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

  /** A job of which one attempt broke off. */
  async function broken(headers: Record<string, string> = { etag }) {
    serveRanges(headers, brokenAt);
    const id = await ask();
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

  test('goes on where it was, as often as it takes', async () => {
    const id = await broken();
    const first = await storedBytes();
    serveRanges({ etag }, 2_700_000);
    expect(await attempt(id)).toMatchObject({ state: 'queued' });
    const second = await storedBytes();
    serveRanges({ etag });
    await expectWhole(id);
    const ranges = asked.map((headers) => [headers.range, headers['if-range']]);
    expect(ranges).toEqual([
      [undefined, undefined],
      [`bytes=${first}-`, etag],
      [`bytes=${second}-`, etag],
    ]);
    expect(second).toBeGreaterThan(first);
  });

  test('by a worker that stops goes on with the parts that were stored', async () => {
    const stop = new AbortController();
    const id = await ask();
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
    expect(asked[1]!.range).toBe(`bytes=${download!.parts[0]!.sizeBytes}-`);
  });

  test('when all was there needs no more from the source', async () => {
    const id = await broken();
    const sizeBytes = await storedBytes();
    await platform.db.update(evidenceDownloads).set({ sizeBytes });
    expect(await attempt(id)).toMatchObject({ state: 'succeeded', result: { sizeBytes } });
    expect(asked).toHaveLength(1);
  });

  test.each<[string, Record<string, string>]>([
    ['a weak ETag', { etag: 'W/"one"' }],
    ['no ETag', {}],
  ])('starts over where the source gave %s', async (_, headers) => {
    const id = await broken(headers);
    serveRanges(headers);
    await expectWhole(id);
    expect(asked[1]).not.toHaveProperty('range');
  });

  test('starts over where the source has other bytes by now', async () => {
    const id = await broken();
    serve('other', 200, { etag: '"two"' });
    expect(await attempt(id)).toMatchObject({ state: 'succeeded', result: { sizeBytes: 5 } });
    expect(await downloads()).toEqual([]);
  });

  const all = bytes.length;
  /** Of the rest that begins `from` there, what a wrong answer says. */
  test.each<[string, number, (from: number) => Record<string, string>]>([
    ['from elsewhere', 206, () => ({ etag, 'content-range': `bytes 0-${all - 1}/${all}` })],
    ['not to the end', 206, (from) => ({ etag, 'content-range': `bytes ${from}-${all - 2}/${all}` })],
    ['of another whole', 206, (from) => ({ etag, 'content-range': `bytes ${from}-${all}/${all + 1}` })],
    [
      'of other bytes',
      206,
      (from) => ({ etag: '"two"', 'content-range': `bytes ${from}-${all - 1}/${all}` }),
    ],
    ['of unnamed bytes', 206, (from) => ({ 'content-range': `bytes ${from}-${all - 1}/${all}` })],
    [
      'in another coding',
      206,
      (from) => ({ etag, 'content-encoding': 'gzip', 'content-range': `bytes ${from}-${all - 1}/${all}` }),
    ],
    ['of no range', 206, () => ({ etag })],
    ['in several ranges', 206, () => ({ etag, 'content-type': 'multipart/byteranges; boundary=x' })],
    ['beyond its end', 416, () => ({ 'content-range': `bytes */${all}` })],
  ])('starts over where the source answers with a part %s', async (_, status, headersFrom) => {
    const id = await broken();
    const from = await storedBytes();
    serveRanges({ etag });
    const sendWhole = answer;
    answer = (response, request) => {
      if (request.headers.range) response.writeHead(status, headersFrom(from)).end(bytes.subarray(from));
      else sendWhole(response, request);
    };
    await expectWhole(id);
  });

  test('starts over where a part was lost', async () => {
    const id = await broken();
    const [download] = await downloads();
    await platform.bucket.remove(download!.keys[0]!);
    serveRanges({ etag });
    await expectWhole(id);
    expect(asked[1]).not.toHaveProperty('range');
  });

  test('starts over with another source', async () => {
    const id = await broken();
    await change({ sourceUrl: `${origin}/other.csv` });
    serveRanges({ etag });
    await expectWhole(id);
    expect(asked[1]).not.toHaveProperty('range');
  });

  test('and was given up leaves nothing behind, and nothing else is removed with it', async () => {
    const id = await broken();
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
  const claimed = await transitions.claim(platform.db, lease, 30);
  return { lease, attempt: claimed!.attempt };
};

/** Takes the job from its worker, as the reaper does when that falls silent. */
const lose = async (id: string) => {
  await platform.db
    .update(jobs)
    .set({ leaseUntil: sql`now() - interval '1 second'` })
    .where(eq(jobs.id, id));
  await transitions.reapLost(platform.db);
};

/** Runs an attempt that may have lost its job without a notice, as a frozen worker does. */
const handle = async (id: string, { lease, attempt: number }: Claimed, bucket = platform.bucket) => {
  const [row] = await platform.db.select().from(jobs).where(eq(jobs.id, id));
  const handler = await createHandlers({ allowPrivate: true, log: silentLog })['evidence.sync']();
  return handler(row!.payload as { evidenceId: string }, {
    db: platform.db,
    reader: platform.db,
    bucket,
    job: { id, portfolioId, attempt: number },
    signal: new AbortController().signal,
    progress: () => {},
    async hold(tx) {
      if (!(await transitions.lockLease(tx, lease))) throw new LeaseLost();
    },
  });
};

describe('a sync takes effect once', () => {
  test.each<[string, () => void]>([
    ['bytes', () => serve('late')],
    ['a check', () => serve('', 304)],
    ['that the source is gone', () => serve('', 410)],
  ])('an attempt that lost its job writes nothing: no %s', async (_, prepare) => {
    serve('first', 200, { etag: '"one"' });
    await sync();
    const id = await ask();
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

  test('an attempt after one that was cut off when all was done finds it done', async () => {
    serve('first');
    const id = await ask();
    const done = await handle(id, await claim(id));
    serve('changed meanwhile');
    await lose(id);
    expect(await attempt(id)).toMatchObject({ state: 'succeeded', result: done });
    expect(done).toMatchObject({ version: 1, changed: true });
    expect(asked).toHaveLength(1);
    expect(
      await platform.db.select().from(evidenceVersions).where(eq(evidenceVersions.jobId, id)),
    ).toHaveLength(1);
  });
});

test('a body takes the memory of its bytes, however small the pieces in which it comes', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapBytes = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const pieces = 40_000;
  answer = (response) => {
    response.socket!.setNoDelay(true);
    let left = pieces;
    // A chunk of one byte, in a packet of its own.
    const more = () => {
      if (left === 0) return response.end();
      left -= 1;
      return response.write('x', () => setImmediate(more));
    };
    more();
  };
  const id = await ask();
  const before = heapBytes();
  const taken: number[] = [];
  const bucket: typeof platform.bucket = {
    ...platform.bucket,
    put(...file) {
      taken.push(heapBytes() - before);
      return platform.bucket.put(...file);
    },
  };
  expect(await handle(id, await claim(id), bucket)).toMatchObject({ sizeBytes: pieces });
  expect(taken[0]).toBeLessThan(50 * pieces);
});

describe('bytes are kept as they came', () => {
  test('when compressed, which nobody asked for: a bomb stays small', async () => {
    const bomb = gzipSync(Buffer.alloc(150_000_000));
    answer = (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/csv' }).end(bomb);
    expect(await sync()).toMatchObject({
      state: 'succeeded',
      result: { sizeBytes: bomb.length, sha256: sha256Of(bomb) },
    });
    const { latest } = await read();
    expect(latest).toMatchObject({ contentType: 'application/gzip', fileName: 'latest.csv.gz' });
    expect(asked[0]!['accept-encoding']).toBe('identity');
  });

  test('under the type that they have, whatever the source says', async () => {
    serve('%PDF-1.7', 200, { 'content-type': 'text/html' });
    await sync();
    expect((await read()).latest).toMatchObject({ contentType: 'application/pdf' });
  });

  test('when there are none', async () => {
    serve('');
    expect(await sync()).toMatchObject({
      state: 'succeeded',
      result: { sizeBytes: 0, sha256: sha256Of(bytesOf('')) },
    });
  });
});

test('sources are sent no credentials and no cookies', async () => {
  serve('here', 200, { 'set-cookie': 'a=b', etag: '"one"' });
  await sync();
  await sync();
  const always = ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'];
  expect(asked.map((headers) => Object.keys(headers).toSorted())).toEqual([
    always,
    [...always, 'if-none-match'].toSorted(),
  ]);
});

const told = async () => {
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

const about = () => ({ evidence: at.slug, sourceUrl: `${origin}/figures/latest.csv` });

const changed = (text: string, version: number) => ({
  type: 'evidence.changed',
  data: { ...about(), version, sha256: sha256Of(bytesOf(text)), sizeBytes: 3 },
});

describe('webhooks are told once of each change', () => {
  test('of a source that changes and changes back', async () => {
    serve('one');
    await sync();
    await cite();
    expect(await told()).toEqual([]);
    serve('two');
    await sync();
    expect(await told()).toEqual([changed('two', 2), claimIs('stale', 'backed', 2, 'changed')]);
    await sync();
    expect(await told()).toEqual([]);
    serve('one');
    await sync();
    expect(await told()).toEqual([changed('one', 3), claimIs('backed', 'stale', 3, null)]);
  });

  test('of a source that vanishes and comes back', async () => {
    serve('one');
    await sync();
    await cite();
    serve('', 410);
    await sync();
    expect(await told()).toEqual([
      { type: 'evidence.vanished', data: { ...about(), version: 1, status: 410 } },
      claimIs('broken', 'backed', 1, 'source-vanished'),
    ]);
    await sync();
    expect(await told()).toEqual([]);
    serve('one');
    await sync();
    expect(await told()).toEqual([claimIs('backed', 'broken', 1, null)]);
  });

  test('of bytes that are lost, and that come back', async () => {
    serve('one');
    await sync();
    await cite();
    await platform.bucket.remove(contentKey('evidence', portfolioId, sha256Of(bytesOf('one'))));
    const verify = () => evidence.verify.run(platform.as(owner), at);
    await verify();
    await verify();
    expect(await told()).toEqual([claimIs('broken', 'backed', 1, 'bytes-lost')]);
    await sync();
    expect(await told()).toEqual([claimIs('backed', 'broken', 1, null)]);
  });
});
