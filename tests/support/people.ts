import postgres from 'postgres';

/**
 * Lets fixtures name people: the id of a person is its subject, and whoever becomes a member or gets a key is stored as a
 * person who has signed in.
 */
export async function namePeopleBySubject(serverUrl: string): Promise<void> {
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
