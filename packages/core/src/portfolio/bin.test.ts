import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secretOf } from '../../../../tests/support/invite.ts';
import { type TestServices, silentLog, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, upload } from '../../../../tests/support/upload.ts';
import { type Actor, anonymous } from '../actor.ts';
import { removeDeleted } from '../removable-object/remove.ts';
import { operations } from '../index.ts';
import { queueDueSyncs } from '../evidence/due.ts';
import { transitions } from '../job/transitions.ts';
import { ofEachKind } from '../job/kinds.ts';
import { tasks } from '../schedule/tasks.ts';
import { fanOutEvents } from '../webhook/fan-out.ts';

const { portfolio, caseStudy, evidence, image, job } = operations;
const owner = user('owner');
const any = '*' as const;
const png = Buffer.from('89504e470d0a1a0a0102', 'hex').toString('base64');

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());

const as = (subject = 'owner') => platform.as(user(subject));
let count = 0;

/** A public portfolio with an image, evidence and a PDF, and the links to their bytes. */
async function createPublished({ binDays = 30 } = {}) {
  const slug = `doomed-${(count += 1)}`;
  const at = { portfolio: slug };
  const { id } = await portfolio.create.run(as(), { slug, name: 'Doomed' });
  await portfolio.update.run(as(), { ...at, binDays, expectedVersion: any });
  const { url, sha256 } = await image.upload.run(as(), { ...at, bytes: png });
  await evidence.create.run(as(), { ...at, slug: 'report', title: 'Report' });
  const uploadId = await upload(as(), slug, bytesOf(slug));
  await evidence.addVersion.run(as(), { ...at, slug: 'report', uploadId });
  const claims = [{ key: 'so', statement: 'It is so.', evidence: [{ slug: 'report' }] }];
  const study = { ...at, slug: 'study' };
  await caseStudy.create.run(as(), { ...study, title: 'Study', body: `![](${url})`, claims });
  await caseStudy.publish.run(as(), { ...study, expectedVersion: any });
  const links = [
    (await image.read.run(as(), { ...at, sha256 })).downloadUrl,
    (await evidence.content.run(as(), { ...at, slug: 'report' })).url,
  ];
  return { id, slug, at, study, links };
}

const binPortfolio = (slug: string, subject?: string) =>
  portfolio.delete.run(as(subject), { portfolio: slug, confirm: slug, expectedVersion: any });
const binTask = tasks.find(({ name }) => name === 'bin')!;
const runBin = () =>
  binTask.run({
    db: platform.workerDb,
    reader: platform.workerDb,
    bucket: platform.bucket,
    jobBus: platform.jobBus,
    wakeUps: platform.wakeUps,
    encryption: platform.services.encryption,
    log: silentLog,
    period: { from: '', to: '' },
    signal: new AbortController().signal,
  });
const statusesOf = (links: string[]) => Promise.all(links.map(async (link) => (await fetch(link)).status));
const slugsSeenBy = async (actor: Actor) => {
  const { items } = await portfolio.list.run(platform.as(actor), { limit: 100 });
  return items.map(({ slug }) => slug);
};
const inBin = async (subject?: string) =>
  (await portfolio.bin.run(as(subject), { limit: 100 })).items.map(({ slug }) => slug);
const notFound = { code: 'not_found' };

describe('a portfolio in the bin', () => {
  test('is found by nobody, except by its owners in the bin', async () => {
    const { id, slug, at, study } = await createPublished();
    await platform.addMember(id, 'editor', 'editor');
    const { id: jobId } = await caseStudy.export.run(as(), study);
    const binned = await binPortfolio(slug);
    expect(Date.parse(binned.purgeAt) - Date.parse(binned.binnedAt)).toBe(30 * 86_400_000);
    for (const actor of [owner, anonymous]) {
      await expect(portfolio.read.run(platform.as(actor), at)).rejects.toMatchObject(notFound);
      await expect(caseStudy.read.run(platform.as(actor), study)).rejects.toMatchObject(notFound);
      expect(await slugsSeenBy(actor)).not.toContain(slug);
    }
    await expect(job.read.run(as(), { id: jobId })).rejects.toMatchObject(notFound);
    expect((await job.list.run(as(), { limit: 100 })).items.map((one) => one.id)).not.toContain(jobId);
    expect(await inBin()).toContain(slug);
    expect(await inBin('editor')).not.toContain(slug);
    expect(await inBin('elsewhere')).not.toContain(slug);
  });

  test('keeps its slug, and comes back as it was', async () => {
    const { slug, at, study } = await createPublished();
    const before = await caseStudy.read.run(platform.as(anonymous), study);
    await binPortfolio(slug);
    await expect(portfolio.create.run(as('other'), { slug, name: 'Other' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await portfolio.undelete.run(as(), at)).toMatchObject({ slug, binDays: 30 });
    expect(await caseStudy.read.run(platform.as(anonymous), study)).toEqual(before);
    expect(await inBin()).not.toContain(slug);
  });

  test('has no job that runs, is claimed, or is queued by the schedule, and sends no webhook', async () => {
    const { id, slug, at, study } = await createPublished();
    await evidence.create.run(as(), { ...at, slug: 'sourced', title: 'S', sourceUrl: 'https://a.example/' });
    await platform.sql`update evidence set next_sync_at = now() - interval '1 hour' where slug = 'sourced'`;
    const hook = { ...at, url: 'https://example.com/hook', events: ['job.cancelled' as const] };
    await operations.webhook.create.run(as(), hook);
    const { id: jobId } = await caseStudy.export.run(as(), study);
    await binPortfolio(slug);
    expect(await platform.sql`select state from jobs where id = ${jobId}`).toMatchObject([
      { state: 'cancelled' },
    ]);
    // Accepted at the same moment.
    await platform.sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
      values (${`${jobId}-late`}, ${id}, 'export.pdf', 'Late', 'queued', 'late', '{}', 'owner', 1, 1)`;
    expect(await claimAny()).toEqual([]);
    expect((await queueDueSyncs(platform.db)).filter(({ portfolioId }) => portfolioId === id)).toEqual([]);
    expect((await fanOutEvents(platform.db)).jobs).toEqual([]);
    await runBin();
    expect(
      await platform.sql`select state from jobs where portfolio_id = ${id} and state = 'queued'`,
    ).toEqual([]);
  });

  test('is neither shown nor joined by an invitation', async () => {
    const { slug, at } = await createPublished();
    const invited = await operations.invitation.create.run(as(), { ...at, role: 'viewer' });
    const secret = secretOf(invited);
    await binPortfolio(slug);
    for (const verb of ['show', 'accept'] as const)
      await expect(operations.invitation[verb].run(as('invited'), { secret })).rejects.toMatchObject(
        notFound,
      );
    await portfolio.undelete.run(as(), at);
    expect(await operations.invitation.show.run(as('invited'), { secret })).toMatchObject({
      portfolio: slug,
    });
  });

  test('is deleted only by an owner who names it twice, and not by the key of a portfolio', async () => {
    const { id, slug } = await createPublished();
    await platform.addMember(id, 'editor', 'editor');
    await expect(binPortfolio(slug, 'editor')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(binPortfolio(slug, 'elsewhere')).rejects.toMatchObject({ code: 'forbidden' });
    const typo = { portfolio: slug, confirm: 'doomed', expectedVersion: any };
    await expect(portfolio.delete.run(as(), typo)).rejects.toMatchObject({
      fields: [{ pointer: '/confirm' }],
    });
    const key: Actor = {
      kind: 'portfolio-key',
      id: 'key_1',
      portfolioId: id,
      scopes: ['portfolio:write', 'portfolio:read'],
      expiresAt: null,
    };
    const named = { portfolio: slug, confirm: slug, expectedVersion: any };
    await expect(portfolio.delete.run(platform.as(key), named)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await inBin()).not.toContain(slug);
  });

  test.each(['undelete', 'purge'] as const)('is no object of %s for others', async (verb) => {
    const { id, slug } = await createPublished();
    await platform.addMember(id, 'editor', 'editor');
    await binPortfolio(slug);
    const run = (subject: string) =>
      verb === 'undelete'
        ? portfolio.undelete.run(as(subject), { portfolio: slug })
        : portfolio.purge.run(as(subject), { portfolio: slug, confirm: slug });
    await expect(run('editor')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(run('elsewhere')).rejects.toMatchObject(notFound);
    await runBin();
    expect(await inBin()).toContain(slug);
  });
});

async function claimAny() {
  const wanted = ofEachKind((kind) => ({ kind, slots: 10, mostOfTenant: 10 }));
  const lease = { mostInAll: 100, token: crypto.randomUUID(), leaseSeconds: 30, worker: 'test' };
  return (await transitions.claim(platform.db, Object.values(wanted), lease)).claimed;
}

describe('a portfolio that is deleted for good', () => {
  test.each([
    ['after its time in the bin', 30],
    ['at once where it has no bin', 0],
  ])('%s leaves no row, no byte and no link', async (_, binDays) => {
    const { id, slug, links, study } = await createPublished({ binDays });
    await caseStudy.export.run(as(), study);
    expect(await statusesOf(links)).toEqual([200, 200]);
    await binPortfolio(slug);
    if (binDays > 0) await portfolio.purge.run(as(), { portfolio: slug, confirm: slug });
    expect(await inBin()).not.toContain(slug);
    await expect(portfolio.undelete.run(as(), { portfolio: slug })).rejects.toMatchObject(notFound);
    await runBin();
    expect(await statusesOf(links)).toEqual([404, 404]);
    // A form accepts a file until it expires: its address is checked then.
    const uploads = expect.stringContaining(`removable_objects uploads/${id}/`) as unknown;
    expect(await rowsThatName(id)).toEqual([uploads]);
    await platform.sql`update removable_objects set since = now()`;
    await runBin();
    expect(await rowsThatName(id)).toEqual([]);
    const audit =
      await platform.sql`select portfolio_id, actor, action, fields from audit_log where target = ${id}`;
    expect(audit).toEqual([{ portfolio_id: null, actor: 'owner', action: 'portfolio.purge', fields: [] }]);
    await portfolio.create.run(as('other'), { slug, name: 'Other' });
  });

  test('when its time is over is deleted in the name of the schedule', async () => {
    const { id, slug } = await createPublished();
    await binPortfolio(slug);
    await platform.sql`update portfolios set purge_at = now() where id = ${id}`;
    await runBin();
    expect(await platform.sql`select actor from audit_log where target = ${id}`).toEqual([
      { actor: 'schedule' },
    ]);
  });

  test('is in no stored answer to a repeated request any more', async () => {
    const { slug, at } = await createPublished({ binDays: 0 });
    const ctx = { ...as(), idempotencyKey: 'repeated' };
    await evidence.create.run(ctx, { ...at, slug: 'answered', title: 'Not to be found' });
    await binPortfolio(slug);
    await runBin();
    expect(
      await platform.ownerSql`select key from idempotency_keys where response::text like '%Not to be found%'`,
    ).toEqual([]);
  });

  test('is so although another cannot be deleted', async () => {
    const [stuck, other] = [await createPublished({ binDays: 0 }), await createPublished({ binDays: 0 })];
    await platform.ownerSql.unsafe(`
      create function refuse() returns trigger language plpgsql as $$ begin raise 'stuck'; end $$;
      create trigger stuck before delete on portfolios for each row when (old.id = '${stuck.id}') execute function refuse()`);
    for (const { slug } of [stuck, other]) await binPortfolio(slug);
    await expect(runBin()).rejects.toThrow('delete from "portfolios"');
    expect(await platform.sql`select from portfolios where id = ${other.id}`).toEqual([]);
    expect(await platform.sql`select from portfolios where id = ${stuck.id}`).toHaveLength(1);
    await platform.ownerSql`drop function refuse cascade`;
    await runBin();
  });

  test('waits until its last job has ended, whose file is removed as well', async () => {
    const { id, slug, study } = await createPublished({ binDays: 0 });
    const { id: jobId } = await caseStudy.export.run(as(), study);
    await platform.sql`
      update jobs set state = 'running', last_seq = 2, lease_token = gen_random_uuid(), lease_until = now() where id = ${jobId}`;
    await binPortfolio(slug);
    const key = `exports/${id}/${jobId}/1.pdf`;
    await platform.bucket.put(key, bytesOf('half'), { contentType: 'application/pdf' });
    await runBin();
    expect(await platform.sql`select from portfolios where id = ${id}`).toHaveLength(1);
    await transitions.reapLost(platform.db);
    await runBin();
    expect(await platform.sql`select from portfolios where id = ${id}`).toHaveLength(0);
    expect(await platform.bucket.get(key)).toBeNull();
  });
});

/** The tables, and keys of objects, in which the id of a portfolio stands anywhere. */
async function rowsThatName(id: string) {
  const tables = await platform.ownerSql<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'audit_log'`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await platform.ownerSql`
      select coalesce(to_jsonb(t) ->> 'key', '') as key from ${platform.ownerSql(name)} t where t::text like ${`%${id}%`}`;
    found.push(...rows.map(({ key }) => `${name} ${key as string}`));
  }
  return found;
}

test('an object that is needed again when it is to be removed stays', async () => {
  const { at, study } = await createPublished();
  const { sha256 } = await image.upload.run(as(), { ...at, bytes: png });
  await caseStudy.update.run(as(), { ...study, body: 'None.', expectedVersion: any });
  await image.delete.run(as(), { ...at, sha256 });
  await image.upload.run(as(), { ...at, bytes: png });
  await removeDeleted(platform.services, new AbortController().signal);
  const { downloadUrl } = await image.read.run(as(), { ...at, sha256 });
  expect(await statusesOf([downloadUrl])).toEqual([200]);
});
