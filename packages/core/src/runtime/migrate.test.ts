import { sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { urlOf } from '../../../../dev/database-users.ts';
import { startPostgres } from '../../../../dev/postgres.ts';
import { testDatabase } from '../../../../tests/support/database.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { openDatabase } from './database.ts';
import { tableGrants } from './database-users.ts';
import { SchemaBehind } from './health.ts';
import { createSchemaCheck, migrate, migrateWith } from './migrate.ts';

/** A server on which, as on RDS, the user who creates the others is not the owner of the tables. */
let url: string;
let admin: postgres.Sql;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  const server = await startPostgres({ dataDir: join(inject('runFolder'), 'migrate'), durable: false });
  parts.defer(() => server.stop());
  const { password } = new URL(server.url);
  const root = postgres(server.url, { max: 1 });
  await root.unsafe(
    `create role rds_iam; create role master login createrole createdb password '${password}'`,
  );
  await root`grant rds_iam to master with admin option`;
  await root`create database portfolio owner master`;
  await root.end();
  url = urlOf('master', Object.assign(new URL(server.url), { pathname: '/portfolio' }).href);
  admin = postgres(Object.assign(new URL(server.url), { pathname: '/portfolio' }).href, {
    max: 1,
    onnotice: () => {},
  });
  parts.defer(() => admin.end());
});
afterAll(() => parts.disposeAsync());

/** As the program does, except that the owner of the tables needs a password here. */
async function bringUpToDate() {
  const { password } = new URL(url);
  await migrate({ url: urlOf('portfolio_migrator', url) }, { url }).catch(async () => {
    await admin.unsafe(`alter role portfolio_migrator password '${password}'`);
    await migrate({ url: urlOf('portfolio_migrator', url) }, { url });
  });
}

/** The tables on which a user has privileges, with these privileges. */
const decided = (user: 'api' | 'worker') =>
  Object.fromEntries(
    Object.entries({ ...tableGrants, __drizzle_migrations: { api: 'select', worker: 'select' } })
      .map(([table, allowed]) => [table, allowed[user]])
      .filter(([, allowed]) => allowed !== ''),
  );

describe('the users of a database', () => {
  test('are created once, sign in by tokens if the server has them, and have no further rights', async () => {
    await bringUpToDate();
    await bringUpToDate();
    const users = await admin`
      select rolname as name, rolcanlogin as login, pg_has_role(oid, 'rds_iam', 'member') as tokens,
        rolsuper or rolcreaterole or rolcreatedb or rolbypassrls as "isMore"
      from pg_roles where rolname like 'portfolio\\_%' order by 1`;
    const plain = { login: true, tokens: true, isMore: false };
    const names = ['portfolio_api', 'portfolio_migrator', 'portfolio_worker'];
    expect(users).toEqual(names.map((name) => ({ name, ...plain })));
  });

  test('own no tables, except the migrator', async () => {
    const owners =
      await admin`select distinct tableowner as owner from pg_tables where schemaname in ('public', 'drizzle')`;
    expect(owners).toEqual([{ owner: 'portfolio_migrator' }]);
  });

  test('have declared privileges on every table: add a new one to tableGrants in database-users.ts', async () => {
    const tables = await admin<
      { name: string }[]
    >`select tablename as name from pg_tables where schemaname = 'public' order by 1`;
    expect(Object.keys(tableGrants)).toEqual(tables.map(({ name }) => name));
  });

  test('have exactly the declared privileges on each table, also where an earlier release granted more', async () => {
    await admin`grant all on evidence_versions, job_events to portfolio_api, portfolio_worker with grant option`;
    await admin`grant update (content), insert (content) on case_study_revisions to portfolio_worker`;
    await bringUpToDate();
    const rows = await admin<{ user: string; table: string; granted: string }[]>`
      with granted as (
        select relname as table, privilege_type as privilege, '' as columns, grantee
        from pg_class, aclexplode(relacl) where relnamespace in ('public'::regnamespace, 'drizzle'::regnamespace) and relkind = 'r'
        union all
        select relname, privilege_type, format(' (%s)', attname), grantee
        from pg_class join pg_attribute on attrelid = pg_class.oid, aclexplode(attacl)
        where relnamespace in ('public'::regnamespace, 'drizzle'::regnamespace))
      select rolname as user, granted.table, lower(string_agg(privilege || columns, ', '
        order by columns, array_position('{SELECT,INSERT,UPDATE,DELETE}', privilege))) as granted
      from granted join pg_roles on pg_roles.oid = grantee
      where rolname <> 'portfolio_migrator' group by 1, 2`;
    const granted = Object.groupBy(rows, ({ user }) => user);
    expect(Object.keys(granted).toSorted()).toEqual(['portfolio_api', 'portfolio_worker']);
    const grantsOf = (user: string) =>
      Object.fromEntries(granted[user]!.map((row) => [row.table, row.granted]));
    expect(grantsOf('portfolio_api')).toEqual(decided('api'));
    expect(grantsOf('portfolio_worker')).toEqual(decided('worker'));
  });

  test('cannot change what the audit log says, and the worker neither reads keys nor adds members', () => {
    expect(tableGrants.audit_log).toEqual({
      api: 'select, insert, update (address)',
      worker: 'select, insert, update (sealed_in)',
    });
    expect(tableGrants.api_keys!.worker).toBe('');
    expect(tableGrants.members!.worker).toBe('select');
  });

  test('cannot create anything in the database, and others cannot connect to it', async () => {
    const [row] = await admin`
      select has_schema_privilege('portfolio_api', 'public', 'create') as schema,
        has_database_privilege('portfolio_api', current_database(), 'create, temporary') as database,
        has_database_privilege('rds_iam', current_database(), 'connect') as others`;
    expect(row).toEqual({ schema: false, database: false, others: false });
  });
});

describe('a schema', () => {
  test('that is older than the code, or missing, is detected', async () => {
    const database = await testDatabase();
    const pool = openDatabase({ url: database.url, poolSize: 1, applicationName: 'test', log: silentLog });
    const isBehind = async () => expect(createSchemaCheck(pool.db)()).rejects.toBeInstanceOf(SchemaBehind);
    await createSchemaCheck(pool.db)();
    await pool.db.execute(
      sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('later', 9e15)`,
    );
    await createSchemaCheck(pool.db)();
    await pool.db.execute(sql`delete from drizzle.__drizzle_migrations where id > 1`);
    await isBehind();
    await pool.db.execute(sql`drop schema drizzle cascade`);
    await isBehind();
    await pool.close();
    await database.drop();
  });

  test('is migrated once by many concurrent processes', async () => {
    await admin`create database many`;
    const many = Object.assign(new URL(urlOf('portfolio', url)), { pathname: '/many' }).href;
    await Promise.all([1, 2, 3].map(() => migrate({ url: many }, { url: many })));
    const pool = openDatabase({ url: many, poolSize: 1, applicationName: 'test', log: silentLog });
    expect(await createSchemaCheck(pool.db)()).toBeUndefined();
    await pool.close();
  });
});

describe('a migration', () => {
  const index = `drop index concurrently if exists "things_name";
    --> statement-breakpoint
    create unique index concurrently "things_name" on things (name);`;
  const table = "create table things (name text); insert into things values ('a'), ('a')";
  let database: postgres.Sql;
  let access: { url: string };

  beforeEach(async () => {
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await admin`create database ${admin(name)}`;
    access = { url: Object.assign(new URL(urlOf('portfolio', url)), { pathname: `/${name}` }).href };
    database = postgres(access.url, { max: 1, onnotice: () => {} });
    return () => database.end();
  });

  const recorded = async () =>
    (await database`select created_at::int as at from drizzle.__drizzle_migrations order by id`).map(
      ({ at }) => at,
    );
  const indexes = () => database`
    select relname as name, indisvalid as valid from pg_index join pg_class on pg_class.oid = indexrelid
    where indrelid = 'things'::regclass`;

  test('that fails is rolled back, and earlier ones remain applied', async () => {
    const folder = await folderOf(table, 'alter table things add column size int; select 1 / 0');
    await expect(migrateWith(folder, access)).rejects.toThrow('division by zero');
    expect(await recorded()).toEqual([1]);
    expect(await database`select * from things limit 1`).toEqual([{ name: 'a' }]);
  });

  test('may build an index concurrently, even while others wait to migrate', async () => {
    const folder = await folderOf(table, 'delete from things', index);
    await Promise.all([1, 2, 3].map(() => migrateWith(folder, access)));
    expect(await indexes()).toEqual([{ name: 'things_name', valid: true }]);
    expect(await recorded()).toEqual([1, 2, 3]);
  });

  test('has no lock timeout if it builds an index concurrently, and one otherwise', async () => {
    const note = "insert into limits select current_setting('lock_timeout')";
    const folder = await folderOf(
      `${table}; delete from things; create table limits (value text); ${note}`,
      `${note}; --> statement-breakpoint\n ${index}`,
      `-- Not create index concurrently, and no /* drop index concurrently */ either.\n${note}`,
    );
    await migrateWith(folder, access);
    expect(await database`select value from limits`).toEqual([
      { value: '5s' },
      { value: '0' },
      { value: '5s' },
    ]);
  });

  test('that fails to build an index concurrently is repeated as a whole', async () => {
    const folder = await folderOf(table, index);
    await expect(migrateWith(folder, access)).rejects.toThrow('could not create unique index');
    expect(await indexes()).toEqual([{ name: 'things_name', valid: false }]);
    expect(await recorded()).toEqual([1]);
    await database`delete from things`;
    await migrateWith(folder, access);
    expect(await indexes()).toEqual([{ name: 'things_name', valid: true }]);
    expect(await recorded()).toEqual([1, 2]);
  });
});

/** A folder with a migration for each text, created at millisecond 1, 2 and so on. */
async function folderOf(...texts: string[]): Promise<string> {
  const folder = await mkdtemp(join(inject('runFolder'), 'migrations-'));
  const entries = texts.map((_, at) => ({ idx: at, when: at + 1, tag: `${at}`, breakpoints: true }));
  await mkdir(join(folder, 'meta'));
  await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify({ entries }));
  await Promise.all(texts.map((text, at) => writeFile(join(folder, `${at}.sql`), text)));
  return folder;
}
