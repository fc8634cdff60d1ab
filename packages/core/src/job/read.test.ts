import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { user } from '../../../../tests/support/services.ts';
import { type JobFixture, jobFixture, owner, result, study } from '../../../../tests/support/jobs.ts';
import { simulateWorker } from '../../../../tests/support/simulate-worker.ts';
import type { Actor, Scope } from '../actor.ts';
import { operations } from '../index.ts';
import { removeDeleted } from '../removable-object/remove.ts';
import { jobs } from './job.sql.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

const list = async (filter: Parameters<typeof operations.job.list.run>[1]) =>
  (await operations.job.list.run(fixture.as(owner), filter)).items.map(({ id }) => id);
const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const stalled = async (id: string) => (await fixture.read(id)).stalled;

describe('a list', () => {
  const about = { requestedBy: sql`'lister'` };

  test('contains the jobs that match all of its filters, newest first', async () => {
    const { id: old, createdAt: createdAfter } = await fixture.accept();
    await fixture.change(old, about);
    const justAfter = new Date(Date.parse(createdAfter) + 1).toISOString();
    const failed = await fixture.failed();
    await fixture.change(failed, about);
    const { id: cancelled } = await fixture.accept();
    await fixture.change(cancelled, about);
    await fixture.cancel(cancelled);

    const requestedBy = 'lister';
    expect(await list({ requestedBy })).toEqual([cancelled, failed, old]);
    expect(await list({ requestedBy, state: ['failed', 'queued'] })).toEqual([failed, old]);
    expect(await list({ requestedBy, createdAfter: justAfter })).toEqual([cancelled, failed]);
    expect(await list({ requestedBy, createdBefore: justAfter })).toEqual([old]);
    expect(await list({ requestedBy, createdAfter, state: ['queued'] })).toEqual([old]);
    expect(await list({ requestedBy, kind: 'export.pdf', portfolio: 'team', limit: 1 })).toEqual([cancelled]);
    expect(await list({ requestedBy, portfolio: 'elsewhere' })).toEqual([]);
    expect(await list({ requestedBy: 'somebody else' })).toEqual([]);
  });

  test('uses the time of the database, even if the clock of the process that made an id was half an hour off', async () => {
    const { id } = await fixture.accept();
    await fixture.change(id, { requestedBy: sql`'drifter'`, createdAt: sql`now() - interval '30 minutes'` });
    expect(await list({ requestedBy: 'drifter', createdBefore: at(-20) })).toEqual([id]);
    expect(await list({ requestedBy: 'drifter', createdAfter: at(-20) })).toEqual([]);
    await fixture.change(id, { createdAt: sql`now() + interval '30 minutes'` });
    expect(await list({ requestedBy: 'drifter', createdAfter: at(20) })).toEqual([id]);
  });

  test('has pages that skip and repeat nothing, although they are read from several parts of the index', async () => {
    const ids: string[] = [];
    for (const make of [
      fixture.failed,
      fixture.succeeded,
      fixture.failed,
      fixture.succeeded,
      fixture.failed,
    ]) {
      const id = await make();
      await fixture.change(id, { requestedBy: sql`'pager'` });
      ids.unshift(id);
    }
    const pages: string[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const filter = { requestedBy: 'pager', limit: 2, ...(cursor && { cursor }) };
      const page = await operations.job.list.run(fixture.as(owner), filter);
      pages.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual(ids);
  });

  test('refuses states, kinds and times that do not exist', async () => {
    for (const filter of [
      { state: ['done'] },
      { state: [] },
      { kind: 'nothing' },
      { createdAfter: 'yesterday' },
      { createdBefore: '0000-01-01T00:00:00Z' },
      { createdBefore: '2026-01-01T00:00:00.0000000000000000Z' },
      { requestedBy: '\0' },
    ]) {
      const asked = operations.job.list.run(fixture.as(owner), filter as object);
      await expect(asked).rejects.toMatchObject({ code: 'invalid_input' });
    }
  });
});

describe('a job is shown as stalled', () => {
  test('while its lease has expired and was not reaped', async () => {
    const { id } = await fixture.claimed();
    expect(await stalled(id)).toBe(false);
    await fixture.expire(id);
    expect(await stalled(id)).toBe(true);
    await transitions.reapLost(fixture.db);
    expect(await stalled(id)).toBe(false);
  });

  test('if it has been due for minutes, but not while it waits for its next attempt', async () => {
    const { id } = await fixture.accept();
    expect(await stalled(id)).toBe(false);
    await fixture.sql`update job_queue set ready_at = now() - interval '6 minutes' where job_id = ${id}`;
    expect(await stalled(id)).toBe(true);
    await fixture.sql`update job_queue set due = false, run_at = now() + interval '1 minute' where job_id = ${id}`;
    expect(await stalled(id)).toBe(false);
  });

  test('never after its end', async () => {
    const id = await fixture.failed();
    await fixture.change(id, { runAt: sql`now() - interval '1 day'` });
    expect(await stalled(id)).toBe(false);
  });
});

describe('non-members', () => {
  const nonMember = user('non-member');

  test('do not find a job, its events or its result, and see none in lists', async () => {
    const { id } = await fixture.accept();
    const ctx = fixture.as(nonMember);
    await expect(operations.job.read.run(ctx, { id })).rejects.toMatchObject({ code: 'not_found' });
    await expect(operations.job.events.run(ctx, { id })).rejects.toMatchObject({ code: 'not_found' });
    await expect(operations.job.result.run(ctx, { id })).rejects.toMatchObject({ code: 'not_found' });
    expect(await operations.job.list.run(ctx, {})).toEqual({ items: [], nextCursor: null });
  });

  test('do not find a job even in a portfolio with a published study', async () => {
    const ctx = fixture.as(owner);
    const known = { portfolio: 'known', slug: 'seen' };
    await operations.portfolio.create.run(ctx, { slug: 'known', name: 'Known' });
    await operations.caseStudy.create.run(ctx, { ...known, title: 'Seen' });
    await operations.caseStudy.publish.run(ctx, { ...known, expectedVersion: '*' });
    const { id } = await operations.caseStudy.export.run(ctx, known);
    const asked = operations.job.read.run(fixture.as(nonMember), { id });
    await expect(asked).rejects.toMatchObject({ code: 'not_found' });
  });

  test('cannot request an export, and no job is accepted', async () => {
    const before = await fixture.db.$count(jobs);
    const asked = operations.caseStudy.export.run(fixture.as(nonMember), study);
    await expect(asked).rejects.toMatchObject({ code: 'not_found' });
    expect(await fixture.db.$count(jobs)).toBe(before);
  });
});

test('a result has the file and a link to it, but not its key in the bucket', async () => {
  const lease = await fixture.claimed();
  await expect(operations.job.result.run(fixture.as(owner), { id: lease.id })).rejects.toMatchObject({
    code: 'conflict',
  });
  const body = Buffer.from('pdf');
  await fixture.bucket.put(result.key, body, { contentType: result.contentType, fileName: result.fileName });
  await transitions.end(fixture.db, lease, { type: 'succeeded', result });
  const { url, ...about } = await operations.job.result.run(fixture.as(owner), { id: lease.id });
  expect(about).toMatchObject({ fileName: 'faster.pdf', sizeBytes: 3, pages: 1 });
  expect(JSON.stringify(await fixture.read(lease.id))).not.toContain('secret-key');
  const download = await fetch(url);
  expect(await download.text()).toBe('pdf');
  expect(download.headers.get('content-disposition')).toContain('attachment; filename="faster.pdf"');
});

describe('the file of a job', () => {
  test('is for those who may read what it shows, not for everybody who may read jobs', async () => {
    const id = await fixture.succeeded();
    const scopes = ['job:read', 'case-study:read', 'metric:read', 'evidence:read'] as const;
    const fetchWith = (granted: readonly Scope[]) =>
      operations.job.result.run(fixture.as(user('owner', granted)), { id });
    expect(await fetchWith(scopes)).toMatchObject({ fileName: 'faster.pdf' });
    for (const lacking of scopes) {
      const others = scopes.filter((scope) => scope !== lacking);
      await expect(fetchWith(others)).rejects.toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining(lacking) as string,
      });
    }
  });

  test('can be deleted by those who may change the job, which stays without it', async () => {
    const id = await fixture.succeeded();
    const { key } = result;
    await fixture.bucket.put(key, Buffer.from('pdf'), { contentType: result.contentType });
    const remove = (actor: Actor) => operations.job.deleteResult.run(fixture.as(actor), { id });
    await fixture.addMember(fixture.portfolioId, 'viewer', 'viewer');
    await expect(remove(user('viewer'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(remove(user('non-member'))).rejects.toMatchObject({ code: 'not_found' });
    const { url } = await operations.job.result.run(fixture.as(owner), { id });
    expect(await remove(owner)).toBeNull();
    await removeDeleted(fixture, new AbortController().signal);
    expect((await fetch(url)).status).toBe(404);
    await expect(operations.job.result.run(fixture.as(owner), { id })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(remove(owner)).rejects.toMatchObject({ code: 'not_found' });
    expect(await fixture.read(id)).toMatchObject({
      state: 'succeeded',
      result: { fileName: 'faster.pdf', deletedAt: expect.any(String) as string },
    });
  });

  test('that was deleted is not the PDF of its study any more, which is made anew', async () => {
    const ctx = fixture.as(owner);
    const { version } = await operations.caseStudy.read.run(ctx, study);
    const { id } = await operations.caseStudy.export.run(ctx, study);
    await (await simulateWorker(fixture, id)).succeed(version);
    expect((await operations.caseStudy.pdf.run(ctx, study)).file).not.toBeNull();
    await operations.job.deleteResult.run(ctx, { id });
    const { file, job } = await operations.caseStudy.pdf.run(ctx, study);
    expect([file, job?.state]).toEqual([null, 'queued']);
  });

  test('cannot be deleted where there is none', async () => {
    const { id } = await fixture.accept();
    await expect(operations.job.deleteResult.run(fixture.as(owner), { id })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});
