import { join } from 'node:path';
import postgres from 'postgres';
import { enableDatabaseUsers } from '../../dev/database-users.ts';
import { postgresTemplate } from '../../dev/postgres-template.ts';
import { startPostgres } from '../../dev/postgres.ts';
import type { Shared } from './shared.ts';

const template = 'template_migrated';

/**
 * Lets fixtures name people: the id of a person is its subject, and whoever becomes a member or gets a key is stored as a
 * person who has signed in.
 */
async function namePeopleBySubject(serverUrl: string): Promise<void> {
  const sql = postgres(serverUrl, { max: 1 });
  try {
    await sql.unsafe(`
      create function name_person() returns trigger language plpgsql as $$
      begin
        if new.subject is not null then new.id := new.subject; end if;
        return new;
      end $$;
      create trigger name_person before insert on people for each row execute function name_person();
      create function store_person() returns trigger language plpgsql as $$
      begin
        if new.person_id is not null then
          insert into people (id, subject, signed_in_at) values (new.person_id, new.person_id, now())
          on conflict do nothing;
        end if;
        return new;
      end $$;
      create trigger store_person before insert on members for each row execute function store_person();
      create trigger store_person before insert on api_keys for each row execute function store_person();`);
  } finally {
    await sql.end();
  }
}

/** Starts the Postgres server of a run, with a migrated template database, which `testDatabase` copies. */
export async function startCluster(
  folder: string,
  started: AsyncDisposableStack,
): Promise<Shared['cluster']> {
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    durable: false,
    template: () => postgresTemplate(),
  });
  started.defer(() => server.stop());
  await enableDatabaseUsers(server.url);
  await namePeopleBySubject(server.url);
  const url = new URL(server.url);
  url.pathname = '/template1';
  // A database with open connections cannot be copied.
  const sql = postgres(url.href, { max: 1 });
  try {
    await sql`alter database postgres rename to ${sql(template)}`;
    await sql`create database postgres`;
    await sql`alter database ${sql(template)} with is_template true allow_connections false`;
  } finally {
    await sql.end();
  }
  return { url: server.url, template };
}
