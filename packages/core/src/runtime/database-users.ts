import type postgres from 'postgres';

/** The user that owns and migrates the tables. */
const migrator = 'portfolio_migrator';

const all = 'select, insert, update, delete';

/** For what was recorded: it is never changed, and deleted only with its owner, by a foreign key. */
const append = 'select, insert';

/**
 * The privileges of the users of API and worker on each table; empty for none. A new table must be added here: users have
 * no privileges on tables that are not listed. Privileges of columns come last.
 */
export const tableGrants: Record<string, { api: string; worker: string }> = {
  api_keys: { api: 'select, insert, update', worker: '' },
  artifact_versions: { api: `${append}, update (deleted_at)`, worker: 'select' },
  artifacts: { api: all, worker: 'select' },
  // The API erases addresses, which no seal covers; the worker notes the seal.
  audit_log: { api: `${append}, update (address)`, worker: `${append}, update (sealed_in)` },
  audit_seals: { api: 'select', worker: append },
  // The schedule deletes for good what was in the bin. The API of release 0.1.0 deletes studies itself.
  case_studies: { api: all, worker: 'select, delete' },
  case_study_artifacts: { api: all, worker: 'select' },
  case_study_images: { api: all, worker: 'select' },
  case_study_revisions: { api: append, worker: 'select' },
  claim_evidence: { api: all, worker: 'select' },
  claims: { api: all, worker: 'select, update (notified_standing)' },
  evidence: { api: all, worker: 'select, update' },
  evidence_downloads: { api: all, worker: all },
  evidence_versions: { api: `${append}, update (deleted_at), update (verified_at)`, worker: append },
  former_members: { api: all, worker: '' },
  former_slugs: { api: all, worker: all },
  idempotency_keys: { api: all, worker: all },
  images: { api: 'select, insert, delete, update (uploaded_at)', worker: 'select, delete' },
  invitations: { api: 'select, insert, update', worker: 'select, update, delete' },
  // Workers delete the events of jobs that ended long ago.
  job_events: { api: append, worker: `${append}, delete` },
  job_limits: { api: all, worker: 'select' },
  job_pauses: { api: all, worker: 'select' },
  job_queue: { api: all, worker: all },
  job_workers: { api: 'select', worker: all },
  jobs: { api: all, worker: all },
  members: { api: all, worker: 'select' },
  metric_days: { api: all, worker: all },
  metric_dirty_days: { api: all, worker: all },
  metric_samples: { api: all, worker: 'select, delete' },
  metrics: { api: all, worker: 'select' },
  outbox: { api: all, worker: all },
  pending_sign_ins: { api: all, worker: 'select, update, delete' },
  people: { api: 'select, insert, update', worker: 'select, update (erased_identity)' },
  // Deleting a portfolio deletes its audit log: the schedule does, some time after its owners have put it into the bin.
  portfolios: { api: 'select, insert, update', worker: 'select, delete' },
  rate_limits: { api: all, worker: '' },
  removable_objects: { api: all, worker: all },
  schedules: { api: all, worker: all },
  security_events: { api: all, worker: 'select, update, delete' },
  sessions: { api: all, worker: 'select, update, delete' },
  token_ends: { api: 'select, insert, update', worker: '' },
  uploads: { api: all, worker: all },
  webhook_deliveries: { api: all, worker: all },
  webhook_events: { api: all, worker: all },
  webhooks: { api: all, worker: all },
};

const users = { portfolio_api: 'api', portfolio_worker: 'worker' } as const;

/**
 * Creates the missing users of a database, without passwords. If the role `rds_iam` exists, they sign in with IAM tokens.
 * Needs a connection of a user who may create roles.
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

/**
 * Grants the existing users exactly the privileges of `tableGrants`. Needs a connection of the owner of the tables. Tables
 * that are not listed stay as they are: they belong to later code if earlier code is rolled out again.
 */
export async function grantAccess(sql: postgres.Sql): Promise<void> {
  const tables = await sql<{ name: string }[]>`
    select tablename as name from pg_tables
    where schemaname = 'public' and tablename = any(${Object.keys(tableGrants)})`;
  await sql.begin(async (tx) => {
    for (const [user, part] of Object.entries(users)) {
      const [known] = await tx`select from pg_roles where rolname = ${user}`;
      if (!known) continue;
      const statements = tables.flatMap(({ name }) => {
        const allowed = tableGrants[name]![part];
        // Revoking from a table revokes from its columns, too.
        const grant = `grant ${allowed} on public.${name} to ${user}`;
        return [`revoke all on public.${name} from ${user}`, ...(allowed ? [grant] : [])];
      });
      await tx.unsafe(
        [
          `grant usage on schema public, drizzle to ${user}`,
          `grant usage on all sequences in schema public to ${user}`,
          `grant select on drizzle.__drizzle_migrations to ${user}`,
          ...statements,
        ].join(';\n'),
      );
    }
  });
}
