import type postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { oldDatabase } from '../../../../tests/support/old-database.ts';

/** The migrations of release 0.1.0, which knows people by their subjects. */
const released = 11;
/** With the columns that name people, but not what fills them. */
const withPeople = 14;

let database: Awaited<ReturnType<typeof oldDatabase>>;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await oldDatabase(released);
  ({ sql } = database);
  await sql`insert into portfolios (id, slug, name, tagline, description) values ('pf_1', 'team', 'Team', '', '')`;
  await write('before');
  await database.upgrade();
  await write('during');
});
afterAll(() => database.drop());

/** What release 0.1.0 stores of two owners, `ada` and `bob`, the second of whom is no longer a member; also after the migration. */
async function write(when: string) {
  const keyId = 'key_01h455vb4pex5vsknk084sn02q';
  await sql`
    insert into members (portfolio_id, subject, role) values ('pf_1', ${`ada ${when}`}, 'owner')`;
  await sql`
    insert into api_keys (id, name, secret_hash, subject, portfolio_id, scopes)
    values (${`own ${when}`}, 'k', ${`1 ${when}`}, ${`ada ${when}`}, null, '{}'), (${`team ${when}`}, 'k', ${`2 ${when}`}, null, 'pf_1', '{}')`;
  for (const actor of [`ada ${when}`, `bob ${when}`, keyId, 'anonymous']) {
    await sql`
      insert into audit_log (id, portfolio_id, actor, action, target, fields)
      values (${`${when} ${actor}`}, 'pf_1', ${actor}, 'member.update', ${`bob ${when}`}, '{}')`;
  }
  await sql`
    insert into case_studies (id, portfolio_id, slug, title, summary, body, tags, language)
    values (${`cs ${when}`}, 'pf_1', ${`cs-${when}`}, 'T', '', '', '{}', 'en')`;
  await sql`
    insert into case_study_revisions (case_study_id, number, content, changed, author)
    values (${`cs ${when}`}, 1, '{}', '{}', ${`bob ${when}`}), (${`cs ${when}`}, 2, '{}', '{}', 'unknown')`;
  for (const requester of [`ada ${when}`, 'schedule', 'webhooks', keyId]) {
    await sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
      values (${`${when} ${requester}`}, 'pf_1', 'export.pdf', 'T', 'queued', ${`${when} ${requester}`}, '{}', ${requester}, 1, 1)`;
  }
}

const idOf = async (subject: string) => {
  const [person, ...others] = await sql`select id, issuer from people where subject = ${subject}`;
  expect(others).toEqual([]);
  expect(person).toEqual({ id: expect.stringMatching(/^usr_[0-7][0-9a-z]{25}$/), issuer: null });
  return person!.id as string;
};

test.each(['before', 'during'])('what 0.1.0 wrote %s the upgrade names people by ids', async (when) => {
  const [ada, bob] = [await idOf(`ada ${when}`), await idOf(`bob ${when}`)];
  const key = 'key_01h455vb4pex5vsknk084sn02q';
  expect(await sql`select person_id from members where subject = ${`ada ${when}`}`).toEqual([
    { person_id: ada },
  ]);
  expect(
    await sql`select person_id from api_keys where id in (${`own ${when}`}, ${`team ${when}`}) order by id`,
  ).toEqual([{ person_id: ada }, { person_id: null }]);
  const entries = await sql`select actor, target from audit_log where id like ${`${when}%`} order by id`;
  expect(entries).toEqual([ada, 'anonymous', bob, key].map((actor) => ({ actor, target: bob })));
  const authors = await sql`
    select author from case_study_revisions where case_study_id = ${`cs ${when}`} order by number`;
  expect(authors).toEqual([{ author: bob }, { author: 'unknown' }]);
  const requests = await sql`select requested_by from jobs where id like ${`${when}%`} order by id`;
  expect(requests.map((row) => row.requested_by)).toEqual([ada, key, 'schedule', 'webhooks']);
});

test('what 0.1.0 commits while the upgrade fills in the ids of people names them by ids', async () => {
  const busy = await oldDatabase(withPeople);
  const writer = busy.connect();
  try {
    await writer`begin`;
    await writer`
      insert into audit_log (id, actor, action, target, fields) values ('late', 'ada', 'member.update', 'bob', '{}')`;
    const upgraded = busy.upgrade();
    await eventually(async () =>
      expect(
        await writer`select from pg_locks where not granted and relation = 'audit_log'::regclass`,
      ).toHaveLength(1),
    );
    await writer`commit`;
    await upgraded;
    const [named] = await busy.sql`
      select ada.subject as actor, bob.subject as target
      from audit_log join people ada on ada.id = actor join people bob on bob.id = target`;
    expect(named).toEqual({ actor: 'ada', target: 'bob' });
  } finally {
    await writer.end();
    await busy.drop();
  }
});
