import type postgres from 'postgres';

/** The user that owns the tables, and changes them. */
const migrator = 'portfolio_migrator';

const readAndWrite = 'select, insert, update, delete';

/** Who serves requests and who runs jobs, with what each may do to those tables to which it may not do everything. */
const users: Record<string, Record<string, string>> = {
  // What was audited, nobody changes or removes.
  portfolio_api: { audit_log: 'select, insert', api_keys: 'select, insert, update' },
  portfolio_worker: {
    audit_log: 'select, insert',
    api_keys: '',
    members: 'select',
    portfolios: 'select',
    rate_limits: '',
  },
};

/**
 * Creates the users of a database, those that are not there yet: none has a password, and where there is the role
 * `rds_iam`, they sign in with tokens of AWS. Takes a connection of one who may do so.
 */
export async function createUsers(sql: postgres.Sql): Promise<void> {
  const [row] = await sql<{ database: string; isRds: boolean }[]>`
    select current_database() as database, exists (select from pg_roles where rolname = 'rds_iam') as "isRds"`;
  const { database, isRds } = row!;
  await sql`revoke all on database ${sql(database)} from public`;
  for (const user of [migrator, ...Object.keys(users)]) {
    const known = await sql`select from pg_roles where rolname = ${user}`;
    if (known.length === 0) await sql`create role ${sql(user)} login`;
    if (isRds) await sql`grant rds_iam to ${sql(user)}`;
    await sql`grant connect on database ${sql(database)} to ${sql(user)}`;
  }
  await sql`grant create on database ${sql(database)} to ${sql(migrator)}`;
  await sql`grant usage, create on schema public to ${sql(migrator)}`;
}

/** Lets the users that are there do what they may, and no more. Takes a connection of the owner of the tables. */
export async function grantAccess(sql: postgres.Sql): Promise<void> {
  const names = Object.keys(users);
  const known = await sql<
    { name: string }[]
  >`select rolname as name from pg_roles where rolname = any(${names})`;
  await sql.begin(async (tx) => {
    for (const { name } of known) {
      const user = tx(name);
      await tx`grant usage on schema public, drizzle to ${user}`;
      await tx`grant usage on all sequences in schema public to ${user}`;
      await tx`grant select on drizzle.__drizzle_migrations to ${user}`;
      await tx`grant ${tx.unsafe(readAndWrite)} on all tables in schema public to ${user}`;
      for (const [table, allowed] of Object.entries(users[name]!)) {
        await tx`revoke all on ${tx(table)} from ${user}`;
        if (allowed) await tx`grant ${tx.unsafe(allowed)} on ${tx(table)} to ${user}`;
      }
    }
  });
}
