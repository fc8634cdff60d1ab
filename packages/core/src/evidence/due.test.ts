import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, upload } from '../../../../tests/support/upload.ts';
import { operations } from '../index.ts';
import { jobs } from '../job/job.sql.ts';
import { webhookEvents } from '../webhook/webhook.sql.ts';
import { notifyStaleClaims } from '../claim/notify.ts';
import { queueDueSyncs } from './due.ts';
import { evidence as evidenceTable } from './evidence.sql.ts';

const { evidence, caseStudy } = operations;
const owner = user('owner');
const portfolio = 'team';
const sourceUrl = 'https://status.example/report.json';

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  for (const slug of [portfolio, 'other']) {
    await operations.portfolio.create.run(platform.as(owner), { slug, name: 'Team' });
  }
});
afterAll(() => platform.stop());
beforeEach(async () => {
  await platform.db.delete(jobs);
  await platform.db.update(evidenceTable).set({ nextSyncAt: null, staleAt: null });
  await platform.db.delete(webhookEvents);
});

let count = 0;
/** Evidence with a source, due for a sync. */
async function due(values: object = {}, of = portfolio) {
  const slug = `evidence-${++count}`;
  const input = { portfolio: of, slug, title: slug, sourceUrl, freshForSeconds: 3600 };
  const { id } = await evidence.create.run(platform.as(owner), input);
  const past = sql`now() - interval '1 second'`;
  await platform.db
    .update(evidenceTable)
    .set({ nextSyncAt: past, ...values })
    .where(eq(evidenceTable.id, id));
  return { id, portfolio: of, slug };
}

const isDueAgain = (id: string) =>
  platform.db
    .update(evidenceTable)
    .set({ nextSyncAt: sql`now()` })
    .where(eq(evidenceTable.id, id));

async function scheduleOf(id: string) {
  const [row] = await platform.db
    .select({
      seconds: sql<number | null>`extract(epoch from ${evidenceTable.nextSyncAt} - now())::float8`,
      tries: evidenceTable.syncTries,
    })
    .from(evidenceTable)
    .where(eq(evidenceTable.id, id));
  return row!;
}

describe('due syncs', () => {
  test('become jobs of low priority, in the group of their evidence', async () => {
    const { id } = await due();
    const [hint] = await queueDueSyncs(platform.db);
    const [job] = await platform.db.select().from(jobs);
    expect(hint).toMatchObject({ jobId: job!.id, portfolioId: job!.portfolioId, kind: 'evidence.sync' });
    expect(job).toMatchObject({
      kind: 'evidence.sync',
      state: 'queued',
      groupKey: `evidence:${id}`,
      payload: { evidenceId: id },
      requestedBy: 'schedule',
      priority: 2,
    });
  });

  test('become one job each, however many processes queue them concurrently', async () => {
    for (let number = 0; number < 5; number += 1) await due();
    const queued = await Promise.all(Array.from({ length: 4 }, () => queueDueSyncs(platform.db)));
    expect(queued.flat()).toHaveLength(5);
    expect(await platform.db.select({ id: jobs.id }).from(jobs)).toHaveLength(5);
  });

  test('are not queued while one is unfinished', async () => {
    const at = await due();
    await evidence.sync.run(platform.as(owner), { portfolio: at.portfolio, slug: at.slug });
    await isDueAgain(at.id);
    expect(await queueDueSyncs(platform.db)).toEqual([]);
  });

  test('are queued at growing intervals of up to a day while they have no result', async () => {
    const { id } = await due();
    const nextDelay = async () => {
      await isDueAgain(id);
      await platform.db.delete(jobs);
      expect(await queueDueSyncs(platform.db)).toHaveLength(1);
      expect(await queueDueSyncs(platform.db)).toEqual([]);
      return (await scheduleOf(id)).seconds!;
    };
    const delays: number[] = [];
    for (let tries = 0; tries < 12; tries += 1) delays.push(await nextDelay());
    expect(delays[0]).toBeGreaterThan(700);
    expect(delays[0]).toBeLessThan(1000);
    expect(delays[2]).toBeGreaterThan(3 * 900);
    expect(delays.at(-1)).toBeGreaterThan(0.85 * 86_400);
    expect(Math.max(...delays)).toBeLessThanOrEqual(1.1 * 86_400);
  });

  test('of a portfolio with many do not delay those of another portfolio', async () => {
    const { id } = await due();
    await platform.sql`
      insert into evidence (id, portfolio_id, slug, title, description, source_url, next_sync_at)
      select 'many-' || n, portfolio_id, 'many-' || n, '', '', source_url, now() - interval '1 day'
      from evidence, generate_series(1, 250) n where id = ${id}`;
    const other = await due({}, 'other');
    expect(await queueDueSyncs(platform.db)).toHaveLength(200);
    const groups = await platform.db.select({ groupKey: jobs.groupKey }).from(jobs);
    expect(groups).toContainEqual({ groupKey: `evidence:${other.id}` });
    expect(await queueDueSyncs(platform.db)).toHaveLength(52);
    await platform.sql`delete from evidence where slug like 'many-%'`;
  });
});

const update = (slug: string, changes: object) =>
  evidence.update.run(platform.as(owner), { portfolio, slug, expectedVersion: '*', ...changes });

describe('the next sync', () => {
  test.each([
    [3600 * 24, 12 * 3600, 15 * 3600],
    [60, 890, 900],
  ])(
    'of evidence that stays fresh for %d s is between %d and %d s after its check',
    async (freshForSeconds, from, to) => {
      const { id, slug } = await due({ checkedAt: sql`now()`, latest: 1 });
      await update(slug, { freshForSeconds });
      const { seconds } = await scheduleOf(id);
      expect(seconds).toBeGreaterThan(from - 60);
      expect(seconds).toBeLessThanOrEqual(to);
    },
  );

  test('of a replaced source is due immediately, and the state of the former one is reset', async () => {
    const values = { checkedAt: sql`now()`, latest: 1, syncTries: 5, missingSince: sql`now()` };
    const { id, slug } = await due({ ...values, validators: { url: sourceUrl, etag: '"one"' } });
    await update(slug, { sourceUrl: 'https://status.example/other.json' });
    const [row] = await platform.db.select().from(evidenceTable).where(eq(evidenceTable.id, id));
    expect(row).toMatchObject({ validators: null, missingSince: null, syncTries: 0 });
    expect((await scheduleOf(id)).seconds).toBeLessThanOrEqual(0);
  });

  test.each([
    ['without a source', { sourceUrl: null }],
    ['that is always fresh', { freshForSeconds: null }],
  ])('of evidence %s is not scheduled', async (_, changes) => {
    const { id, slug } = await due({ checkedAt: sql`now()`, latest: 1 });
    await update(slug, changes);
    expect(await scheduleOf(id)).toMatchObject({ seconds: null });
  });

  test('is scheduled with the first requested sync, if the evidence must stay fresh', async () => {
    const at = await due({ nextSyncAt: null });
    await evidence.sync.run(platform.as(owner), { portfolio, slug: at.slug });
    expect((await scheduleOf(at.id)).seconds).toBeGreaterThan(800);
  });

  test('is not scheduled by a refused request of a non-member', async () => {
    const at = await due({ nextSyncAt: null });
    const request = evidence.sync.run(platform.as(user('outsider')), { portfolio, slug: at.slug });
    await expect(request).rejects.toMatchObject({ code: 'not_found' });
    expect(await scheduleOf(at.id)).toMatchObject({ seconds: null });
  });
});

async function cited() {
  const slug = `evidence-${++count}`;
  const at = { portfolio, slug };
  await evidence.create.run(platform.as(owner), { ...at, title: slug, freshForSeconds: 3600 });
  const add = async () => {
    const uploadId = await upload(platform.as(owner), portfolio, bytesOf('same'));
    return evidence.addVersion.run(platform.as(owner), { ...at, uploadId });
  };
  await add();
  return { ...at, add };
}

const study = (slug: string, cites: { slug: string }[]) => ({
  portfolio,
  slug,
  title: slug,
  claims: [{ key: 'claim', statement: 'It is so.', evidence: cites.map((one) => ({ slug: one.slug })) }],
});

const age = (...which: { slug: string }[]) =>
  Promise.all(
    which.map(
      ({ slug }) => platform.sql`update evidence set checked_at = checked_at - interval '2 hours',
        stale_at = stale_at - interval '2 hours' where slug = ${slug}`,
    ),
  );

const takeEvents = async () => {
  const rows = await platform.db.delete(webhookEvents).returning();
  return rows.map(({ type, data }) => [type, (data as { caseStudy: string }).caseStudy]);
};

const create = (slug: string, ...cites: { slug: string }[]) =>
  caseStudy.create.run(platform.as(owner), study(slug, cites));

describe('claims that turn stale with time', () => {
  test('are notified once, even if several cited pieces turned stale, and again when they are backed', async () => {
    const [one, other] = [await cited(), await cited()];
    await create(`study-${++count}`, one, other);
    const name = `study-${count}`;
    expect(await notifyStaleClaims(platform.db)).toBe(0);
    await age(one, other);
    const passes = await Promise.all([notifyStaleClaims(platform.db), notifyStaleClaims(platform.db)]);
    expect(passes.reduce((sum, taken) => sum + taken)).toBe(2);
    expect(await notifyStaleClaims(platform.db)).toBe(0);
    expect(await takeEvents()).toEqual([['claim.stale', name]]);
    await one.add();
    expect(await takeEvents()).toEqual([]);
    await other.add();
    expect(await takeEvents()).toEqual([['claim.backed', name]]);
  });

  test('are not notified if the author has written them since, or if their study is archived', async () => {
    const one = await cited();
    await create(`study-${++count}`, one);
    const archived = { portfolio, slug: `study-${count}`, expectedVersion: '*' as const };
    await caseStudy.archive.run(platform.as(owner), archived);
    await age(one);
    await create(`study-${++count}`, one);
    expect(await notifyStaleClaims(platform.db)).toBe(1);
    expect(await takeEvents()).toEqual([]);
  });

  test('are notified only while they cite the evidence', async () => {
    const one = await cited();
    await create(`study-${++count}`, one);
    const without = { ...study(`study-${count}`, []), expectedVersion: '*' as const };
    await caseStudy.update.run(platform.as(owner), without);
    await age(one);
    expect(await notifyStaleClaims(platform.db)).toBe(1);
    expect(await takeEvents()).toEqual([]);
  });
});
