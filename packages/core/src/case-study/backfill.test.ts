import type postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { oldDatabase } from '../../../../tests/support/old-database.ts';

const hashes = ['a', 'b'].map((digit) => digit.repeat(64));
const body = hashes.map((hash) => `![](/api/v1/portfolios/team/images/${hash})`).join('\n');

let database: Awaited<ReturnType<typeof oldDatabase>>;
let sql: postgres.Sql;
/** A database at the first migration with a case study, then fully migrated. */
beforeAll(async () => {
  database = await oldDatabase(1);
  ({ sql } = database);
  await sql`insert into portfolios (id, slug, name, tagline, description) values ('pf_1', 'team', 'Team', '', '')`;
  await sql`insert into members (portfolio_id, subject, role) values ('pf_1', 'owner', 'owner')`;
  await sql`
    insert into case_studies (id, portfolio_id, slug, title, summary, body, period, tags, language, version)
    values ('cs_1', 'pf_1', 'old', 'Old', '', ${body}, '{"from": "2026-01"}', '{a}', 'en', 41)`;
  await database.upgrade();
});
afterAll(() => database.drop());

test('a study that is older than revisions gets its content as the first revision', async () => {
  const [study] = await sql`select revision, version from case_studies`;
  expect(study).toEqual({ revision: 1, version: '41' });
  expect(await sql`select case_study_id, number, content, changed, author from case_study_revisions`).toEqual(
    [
      {
        case_study_id: 'cs_1',
        number: 1,
        content: {
          title: 'Old',
          summary: '',
          body,
          client: null,
          period: { from: '2026-01' },
          tags: ['a'],
          language: 'en',
          claims: [],
          artifacts: [],
        },
        changed: [],
        author: 'unknown',
      },
    ],
  );
});

test('no version is used twice', async () => {
  const [{ next }] = (await sql`select nextval('row_versions')::int as next`) as [{ next: number }];
  expect(next).toBeGreaterThan(41);
});

test('the images of its body are recorded', async () => {
  expect(await sql`select sha256 from case_study_images order by 1`).toEqual(
    hashes.map((sha256) => ({ sha256 })),
  );
});
