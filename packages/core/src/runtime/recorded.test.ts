import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addEvidence, owner, studyFixture, type StudyFixture } from '../case-study/testing.ts';
import { purgeDueCaseStudies } from '../case-study/purge-due.ts';
import type { Db } from '../context.ts';
import { operations } from '../index.ts';

let fixture: StudyFixture;
beforeAll(async () => {
  fixture = await studyFixture();
});
afterAll(() => fixture.stop());

/** Whether the user of a program may run a statement; permissions are checked even where it concerns no row. */
async function isAllowed(db: Db, statement: string): Promise<boolean> {
  try {
    await db.execute(sql.raw(statement));
    return true;
  } catch (error) {
    const { code } = (error as { cause: { code: string } }).cause;
    if (code !== '42501') throw error;
    return false;
  }
}

/** The columns of a table that a user may change, and whether it may delete rows. */
async function changesOf(db: Db, table: string) {
  const columns = await db.execute<{ name: string }>(sql`
    select attname as name from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped and attgenerated = ''`);
  const changes: string[] = [];
  for (const { name } of columns) {
    if (await isAllowed(db, `update ${table} set ${name} = ${name} where false`)) changes.push(name);
  }
  for (const statement of [`delete from ${table} where false`, `truncate ${table}`]) {
    if (await isAllowed(db, statement)) changes.push(statement.split(' ')[0]!);
  }
  return changes;
}

describe('what was recorded is changed by neither user of the database:', () => {
  test.each([
    ['evidence_versions', { api: ['verified_at', 'deleted_at'], worker: [] }],
    ['artifact_versions', { api: ['deleted_at'], worker: [] }],
    ['case_study_revisions', { api: [], worker: [] }],
    ['images', { api: ['uploaded_at', 'delete'], worker: ['delete'] }],
    ['audit_log', { api: ['address'], worker: ['sealed_in'] }],
    ['audit_seals', { api: [], worker: [] }],
    ['job_events', { api: [], worker: ['delete'] }],
    ['claims', { api: expect.arrayContaining(['statement']), worker: ['notified_standing'] }],
    ['claim_evidence', { api: expect.arrayContaining(['evidence_version']), worker: [] }],
    ['metric_samples', { api: expect.arrayContaining(['value', 'delete']), worker: ['delete'] }],
  ])('%s, except as its operations need', async (table, allowed) => {
    const { db, workerDb } = fixture.platform;
    expect({ api: await changesOf(db, table), worker: await changesOf(workerDb, table) }).toEqual(allowed);
  });
});

test('the audit log is deleted with its portfolio by the worker alone, and only once that is due', async () => {
  const { platform, as } = fixture;
  expect(await isAllowed(platform.db, 'delete from portfolios where false')).toBe(false);
  const { id } = await operations.portfolio.create.run(as(owner), { slug: 'ended', name: 'Ended' });
  const remove = () => platform.workerDb.execute(sql`delete from portfolios where id = ${id}`);
  const refused = { cause: { constraint_name: 'refuse_early_purge' } };
  await expect(remove()).rejects.toMatchObject(refused);
  const ended = { portfolio: 'ended', confirm: 'ended' };
  await operations.portfolio.delete.run(as(owner), { ...ended, expectedVersion: '*' });
  await expect(remove()).rejects.toMatchObject(refused);
  await operations.portfolio.purge.run(as(owner), ended);
  expect((await remove()).count).toBe(1);
});

test('what was recorded is deleted with its owner', async () => {
  const { platform, portfolio, portfolioId, as, create, update } = fixture;
  const count = async (table: string) => {
    const [row] = await platform.db.execute<{ rows: number }>(
      sql.raw(`select count(*)::int as rows from ${table}`),
    );
    return row!.rows;
  };
  const counts = () =>
    Promise.all(['evidence_versions', 'case_study_revisions', 'artifact_versions'].map(count));
  const before = await counts();
  await addEvidence(platform, portfolioId, 'report', 2);
  await create('study');
  await update('study', { body: 'More.' });
  const tool = { portfolio, slug: 'tool' };
  await operations.artifact.create.run(as(owner), { ...tool, kind: 'script', title: 'Tool' });
  const referenceUrl = 'https://example.com/tool';
  await operations.artifact.addVersion.run(as(owner), { ...tool, name: '1', referenceUrl });
  expect(await counts()).toEqual([before[0]! + 2, before[1]! + 2, before[2]! + 1]);
  const guarded = (slug: string) => ({ portfolio, slug, expectedVersion: '*' as const });
  await operations.evidence.delete.run(as(owner), guarded('report'));
  await operations.caseStudy.delete.run(as(owner), guarded('study'));
  await platform.sql`update case_studies set purge_at = now() where binned_slug = 'study'`;
  await purgeDueCaseStudies(platform.workerDb, new AbortController().signal);
  await operations.artifact.delete.run(as(owner), guarded('tool'));
  expect(await counts()).toEqual(before);
});
