import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { shared } from '../../../../tests/support/shared.ts';
import { applyMigrations } from '../runtime/apply-migrations.ts';
import { migrate } from '../runtime/migrate.ts';

const name = `test_${randomUUID().replaceAll('-', '')}`;
const hashes = ['a', 'b'].map((digit) => digit.repeat(64));
const body = hashes.map((hash) => `![](/api/v1/portfolios/team/images/${hash})`).join('\n');

let cluster: postgres.Sql;
let sql: postgres.Sql;
/** A database at the first migration with a case study, then fully migrated. */
beforeAll(async () => {
  const { url: clusterUrl } = await shared('cluster');
  cluster = postgres(clusterUrl, { max: 1 });
  await cluster`create database ${cluster(name)}`;
  const url = new URL(clusterUrl);
  url.pathname = `/${name}`;
  sql = postgres(url.href, { max: 1, onnotice: () => {} });
  await applyMigrations(sql, firstMigrationOnly());
  await sql`insert into portfolios (id, slug, name, tagline, description) values ('pf_1', 'team', 'Team', '', '')`;
  await sql`insert into members (portfolio_id, subject, role) values ('pf_1', 'owner', 'owner')`;
  await sql`
    insert into case_studies (id, portfolio_id, slug, title, summary, body, period, tags, language, version)
    values ('cs_1', 'pf_1', 'old', 'Old', '', ${body}, '{"from": "2026-01"}', '{a}', 'en', 41)`;
  await migrate({ url: url.href });
});
afterAll(async () => {
  await sql.end();
  await cluster`drop database ${cluster(name)} with (force)`;
  await cluster.end();
});

function firstMigrationOnly(): string {
  const folder = mkdtempSync(join(inject('runFolder'), 'migrations-'));
  cpSync(fileURLToPath(new URL('../../../../drizzle', import.meta.url)), folder, { recursive: true });
  const journal = join(folder, 'meta', '_journal.json');
  const { entries, ...rest } = JSON.parse(readFileSync(journal, 'utf8')) as { entries: unknown[] };
  writeFileSync(journal, JSON.stringify({ ...rest, entries: entries.slice(0, 1) }));
  return folder;
}

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
