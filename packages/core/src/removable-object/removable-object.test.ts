import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { type JobFixture, jobFixture, owner, result } from '../../../../tests/support/jobs.ts';
import type { Bucket } from '../context.ts';
import { bytesOf, sha256Of, upload } from '../../../../tests/support/upload.ts';
import { operations } from '../index.ts';
import { transitions } from '../job/transitions.ts';
import { contentKey } from '../upload/keys.ts';
import { removeDeleted, removeUnreferenced } from './remove.ts';
import { trackPuts } from './track-puts.ts';

const never = new AbortController().signal;
const portfolio = 'team';
const about = { contentType: 'text/plain' };
const all = '*' as const;

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());
beforeEach(() => fixture.sql`delete from removable_objects`);

const aDayLater = () => fixture.sql`update removable_objects set since = since - interval '25 hours'`;
const remove = () => removeUnreferenced(fixture, never);
const removeAtOnce = () => removeDeleted(fixture, never);
const keyOf = (noun: 'evidence' | 'artifacts', bytes: Uint8Array) =>
  contentKey(noun, fixture.portfolioId, sha256Of(bytes));
const exists = async (key: string) => (await fixture.bucket.get(key)) !== null;
const recorded = async () =>
  (await fixture.sql`select key from removable_objects order by key`).map(({ key }) => key as string);

async function addEvidence(slug: string, bytes: ReturnType<typeof bytesOf>) {
  const ctx = fixture.as(owner);
  await operations.evidence.create.run(ctx, { portfolio, slug, title: slug });
  const uploadId = await upload(ctx, portfolio, bytes);
  await operations.evidence.addVersion.run(ctx, { portfolio, slug, uploadId });
}
const deleteEvidence = (slug: string) =>
  operations.evidence.delete.run(fixture.as(owner), { portfolio, slug, expectedVersion: all });

/** An export whose first attempt was interrupted after it had stored its file, and whose second one succeeded. */
async function exportOfTwoAttempts() {
  const { id } = await fixture.accept();
  const [lost, won] = [1, 2].map((attempt) => `exports/${fixture.portfolioId}/${id}/${attempt}.pdf`);
  await fixture.bucket.put(lost!, bytesOf('half'), about);
  const error = { code: 'internal', message: 'No luck.' };
  await transitions.end(fixture.db, await fixture.claim(id), { type: 'retrying', error, delaySeconds: 0 });
  await fixture.bucket.put(won!, bytesOf('whole'), about);
  await transitions.end(fixture.db, await fixture.claim(id), {
    type: 'succeeded',
    result: { ...result, key: won! },
  });
  return { id, lost: lost!, won: won! };
}

describe('a stored object', () => {
  test('is deleted after a day, and not sooner, if nothing refers to it', async () => {
    const key = keyOf('evidence', bytesOf('left'));
    await fixture.bucket.put(key, bytesOf('left'), about);
    await fixture.sql`update removable_objects set since = since - interval '23 hours'`;
    expect(await remove()).toBe(0);
    expect(await exists(key)).toBe(true);
    await aDayLater();
    expect(await remove()).toBe(1);
    expect(await exists(key)).toBe(false);
    expect(await recorded()).toEqual([]);
  });

  test('is recorded before it is stored, so that an interruption leaves no unknown object', async () => {
    const seen: string[][] = [];
    const put: Bucket['put'] = async () => void seen.push(await recorded());
    const bucket = trackPuts({ ...fixture.bucket, put }, fixture.db);
    await bucket.put('exports/pf/job/1.pdf', bytesOf('x'), about);
    expect(seen).toEqual([['exports/pf/job/1.pdf']]);
    const signal = AbortSignal.abort();
    await expect(bucket.put('exports/pf/job/2.pdf', bytesOf('x'), about, signal)).rejects.toThrow('aborted');
    expect(seen).toHaveLength(1);
  });

  test('remains while evidence, an artifact, an image or a result refers to it', async () => {
    const ctx = fixture.as(owner);
    await addEvidence('kept', bytesOf('kept evidence'));
    await operations.artifact.create.run(ctx, { portfolio, slug: 'tool', kind: 'script', title: 'Tool' });
    const uploadId = await upload(ctx, portfolio, bytesOf('kept artifact'), 'artifact');
    await operations.artifact.addVersion.run(ctx, { portfolio, slug: 'tool', name: '1', uploadId });
    const bytes =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const { sha256 } = await operations.image.upload.run(ctx, { portfolio, bytes });
    const { won, lost } = await exportOfTwoAttempts();
    const keys = [
      keyOf('evidence', bytesOf('kept evidence')),
      keyOf('artifacts', bytesOf('kept artifact')),
      `images/${fixture.portfolioId}/${sha256}`,
      won,
    ];
    expect(await recorded()).toEqual([...keys, lost].toSorted((a, b) => (a < b ? -1 : 1)));
    await aDayLater();
    await remove();
    for (const key of keys) expect(await exists(key)).toBe(true);
    // The file of the interrupted attempt.
    expect(await exists(lost)).toBe(false);
    expect(await recorded()).toEqual([]);
  });

  test('of an attempt that still runs remains', async () => {
    const { id } = await fixture.claimed();
    const key = `exports/${fixture.portfolioId}/${id}/1.pdf`;
    await fixture.bucket.put(key, bytesOf('slow'), about);
    await aDayLater();
    await remove();
    expect(await exists(key)).toBe(true);
  });
});

describe('deleting', () => {
  test('evidence records its object in the same transaction, which is deleted without a delay', async () => {
    const bytes = bytesOf('deleted');
    await addEvidence('deleted', bytes);
    const key = keyOf('evidence', bytes);
    expect(await removeAtOnce()).toBe(0);
    await deleteEvidence('deleted');
    expect(await recorded()).toEqual([key]);
    await remove();
    expect(await exists(key)).toBe(true);
    expect(await removeAtOnce()).toBe(1);
    expect(await exists(key)).toBe(false);
    expect(await recorded()).toEqual([]);
  });

  test('evidence does not delete an object that other evidence shares, until the last one is deleted', async () => {
    const bytes = bytesOf('shared');
    for (const slug of ['first', 'second']) await addEvidence(slug, bytes);
    await deleteEvidence('first');
    expect(await removeAtOnce()).toBe(1);
    expect(await exists(keyOf('evidence', bytes))).toBe(true);
    await deleteEvidence('second');
    await removeAtOnce();
    expect(await exists(keyOf('evidence', bytes))).toBe(false);
  });

  test('a portfolio records all of its objects, and deleting a job records its file', async () => {
    const ctx = fixture.as(owner);
    const { id } = await operations.portfolio.create.run(ctx, { slug: 'short-lived', name: 'Short' });
    await operations.evidence.create.run(ctx, { portfolio: 'short-lived', slug: 'one', title: 'One' });
    const uploadId = await upload(ctx, 'short-lived', bytesOf('its'));
    await operations.evidence.addVersion.run(ctx, { portfolio: 'short-lived', slug: 'one', uploadId });
    const made = await exportOfTwoAttempts();
    await fixture.sql`delete from removable_objects`;
    await fixture.ownerSql`update portfolios set purge_at = now() where id = ${id}`;
    await fixture.ownerSql`delete from portfolios where id = ${id}`;
    await fixture.sql`delete from jobs where id = ${made.id}`;
    expect(await recorded()).toEqual([contentKey('evidence', id, sha256Of(bytesOf('its'))), made.won]);
  });
});

describe('a removal', () => {
  test('while the bucket is unavailable changes nothing, and is repeated later', async () => {
    const key = keyOf('evidence', bytesOf('later'));
    await fixture.bucket.put(key, bytesOf('later'), about);
    await aDayLater();
    const unavailable = {
      ...fixture.bucket,
      remove: () => Promise.reject(Object.assign(new Error('unavailable'), { code: 'ECONNREFUSED' })),
    };
    await expect(removeUnreferenced({ db: fixture.db, bucket: unavailable }, never)).rejects.toThrow(
      'unavailable',
    );
    expect(await recorded()).toEqual([key]);
    expect(await remove()).toBe(1);
    expect(await exists(key)).toBe(false);
  });

  test('happens before a concurrent put of the same object, never after it', async () => {
    const key = keyOf('evidence', bytesOf('again'));
    await fixture.bucket.put(key, bytesOf('again'), about);
    await aDayLater();
    const deciding = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<void>();
    const slow = {
      ...fixture.bucket,
      async remove(removed: string) {
        deciding.resolve();
        await decided.promise;
        await fixture.bucket.remove(removed);
      },
    };
    const removal = removeUnreferenced({ db: fixture.db, bucket: slow }, never);
    await deciding.promise;
    const put = fixture.bucket.put(key, bytesOf('again'), about);
    await expectWaiting();
    decided.resolve();
    await Promise.all([removal, put]);
    expect(await exists(key)).toBe(true);
    expect(await recorded()).toEqual([key]);
  });

  test('while the same object is being stored leaves no bytes that nobody knows of', async () => {
    const key = keyOf('evidence', bytesOf('slow upload'));
    async function* slow() {
      await fixture.sql`update removable_objects set at_once = true where key = ${key}`;
      await removeAtOnce();
      expect(await recorded()).toEqual([]);
      yield bytesOf('slow upload');
    }
    const stored = fixture.bucket.put(key, Readable.from(slow(), { objectMode: false }), about);
    await expect(stored).rejects.toMatchObject({ code: 'unavailable' });
    expect(await exists(key)).toBe(true);
    await removeAtOnce();
    expect(await exists(key)).toBe(false);
    expect(await recorded()).toEqual([]);
  });

  test('by two concurrent workers deletes each object once', async () => {
    const keys = Array.from({ length: 50 }, (_, at) => `exports/pf/job_none/${at}.pdf`);
    await Promise.all(keys.map((key) => fixture.bucket.put(key, bytesOf('x'), about)));
    await aDayLater();
    const removed: string[] = [];
    const counting = {
      ...fixture.bucket,
      remove: async (key: string) => void removed.push(key),
    };
    const runs = [1, 2].map(() => removeUnreferenced({ db: fixture.db, bucket: counting }, never));
    await Promise.all(runs);
    expect(removed.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(keys.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(await recorded()).toEqual([]);
  });
});

const waiting = () => fixture.sql`
  select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

/** Until some statement waits for the lock of another. */
const expectWaiting = () => eventually(async () => expect(await waiting()).toHaveLength(1));
