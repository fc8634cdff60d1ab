import { expect, test } from 'vitest';
import { findLocks, largeTables } from './migration-locks.ts';
import { tableGrants } from '../packages/core/src/runtime/database-users.ts';

const migration = (sql: string, at: number) => ({ tag: `${at}`, when: at, sql });

/** The problems of the last of some migrations. */
async function problemsIn(...texts: string[]) {
  const all = texts.map(migration);
  const found = await findLocks(all.slice(0, -1), all.slice(-1));
  return found.map(({ problem }) => problem).join('\n');
}

test('the large tables exist', () => {
  expect(Object.keys(tableGrants)).toEqual(expect.arrayContaining([...largeTables]));
});

test.each([
  ['CREATE INDEX "a" ON "jobs" USING btree ("state")', 'CREATE INDEX "a"'],
  ['create unique index a on public.job_events (seq)', 'CREATE INDEX "a"'],
  ['DROP INDEX "of_an_unknown_table"', 'DROP INDEX'],
  ['alter table metric_samples alter column value set data type text', 'a change of a type'],
  ['alter table jobs alter column step set not null', 'SET NOT NULL'],
  ['alter table jobs add constraint c check (attempt > 0)', 'ADD CONSTRAINT "c" reads'],
  [
    'alter table jobs add constraint c foreign key (a) references portfolios (id)',
    'ADD CONSTRAINT "c" reads',
  ],
  ['alter table outbox add constraint c unique (job_id)', 'ADD CONSTRAINT "c" builds'],
  ['alter table jobs add primary key (id)', 'builds an index'],
  ['alter table jobs add column a uuid default gen_random_uuid()', 'ADD COLUMN "a"'],
  ['alter table jobs add column a timestamptz default clock_timestamp()', 'ADD COLUMN "a"'],
  ['alter table jobs add column a int generated always as (attempt + 1) stored', 'ADD COLUMN "a"'],
  ['alter table jobs add column a bigserial', 'ADD COLUMN "a"'],
  ['alter table jobs add column a text check (length(a) < 9)', 'ADD COLUMN "a"'],
  ['alter table jobs add column a text unique', 'ADD COLUMN "a"'],
  ['alter table audit_log set unlogged', 'SET UNLOGGED'],
  ['update webhook_deliveries set attempts = 0', 'all rows of webhook_deliveries'],
  ['delete from idempotency_keys', 'all rows of idempotency_keys'],
  ['truncate jobs', 'TRUNCATE'],
  ['lock table jobs', 'LOCK TABLE'],
  ['reindex table jobs', 'REINDEX'],
  ["do $$ begin execute 'create index a on jobs (id)'; end $$", 'DO'],
])('%s is found', async (sql, expected) => {
  expect(await problemsIn(sql)).toContain(expected);
});

test.each([
  'create index a on members (role)',
  'create table jobs_of_old (id text primary key, job text references jobs (id)); create index a on jobs_of_old (job)',
  "alter table jobs add column a text default 'none' not null",
  'alter table jobs add column a timestamptz default now()',
  "alter table jobs add column a text[] default '{}'::text[]",
  'alter table jobs add constraint c check (attempt > 0) not valid',
  'alter table jobs add constraint c unique using index a',
  'alter table jobs drop column step',
  'alter table jobs alter column step drop not null',
  'alter table portfolios alter column name type varchar(9)',
  "update jobs set step = 'x' where id = 'job_1'",
  'create function f() returns int language sql as $$ select 1 from jobs $$',
])('%s is allowed', async (sql) => {
  expect(await problemsIn(sql)).toBe('');
});

test('an index of a small table may be dropped', async () => {
  expect(await problemsIn('create index a on members (role)', 'drop index a')).toBe('');
  expect(await problemsIn('create index a on jobs (id)', 'drop index a')).toContain('DROP INDEX "a"');
});

const check = 'alter table jobs add constraint c check (step is not null) not valid';
const validate = 'alter table jobs validate constraint c';
const setNotNull = 'alter table jobs alter column step set not null';

test('SET NOT NULL is allowed after a validated check of the column', async () => {
  expect(await problemsIn(check, validate, `${setNotNull}; alter table jobs drop constraint c`)).toBe('');
  expect(await problemsIn(check, setNotNull)).toContain('SET NOT NULL');
});

test('a constraint has to be validated in a later migration than the one that adds it', async () => {
  expect(await problemsIn(check, validate)).toBe('');
  expect(await problemsIn(`${check}; ${validate}`)).toContain('separate migration');
});

test('a migration that builds an index concurrently has to be repeatable', async () => {
  const drop = 'drop index concurrently if exists a;';
  const create = 'create index concurrently a on jobs (state);';
  expect(await problemsIn(`${drop}\n--> statement-breakpoint\n${create}`)).toBe('');
  expect(await problemsIn(create)).toContain('invalid index');
  expect(await problemsIn(create.replace('a on', 'if not exists a on'))).toContain('invalid index');
  expect(await problemsIn(`${drop} ${create} select 1`)).toContain('next to other statements');
  expect(await problemsIn(drop.replace('if exists', ''))).toContain('without IF EXISTS');
});
