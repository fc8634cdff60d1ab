import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds, until } from '../../support/until.ts';
import { checkAttempts } from './postgres.ts';

export const unknownPayload: Scenario = {
  name: 'unknown-payload',
  injects:
    'a job whose payload has a field that no worker knows, as a newer API may accept it, and a job of an unknown kind',
  promises:
    'both wait and delay nobody; no attempt is used up, and the event says why; the job succeeds when a worker can read it',
  tested: 'exhaustively',
  async run(fixture) {
    const [newer] = (await fixture.load(1, 1)) as [string];
    await fixture.sql`update jobs set payload = payload || '{"paper": "a5"}' where id = ${newer}`;
    const unknown = await insertUnknownKind(fixture);
    await fixture.startWorker();
    const others = await fixture.load(3, 2);
    const passed = await seconds(() => fixture.ended(others));
    await until(
      'the worker tried the payload twice',
      async () => (await fixture.countEvents('postponed')) > 1,
    );
    const waiting = await fixture.readJob(newer);
    holds(waiting.state !== 'failed', `the job failed (${waiting.error?.code})`);
    holds(waiting.error?.code === 'invalid_payload', `the event says ${waiting.error?.code}`);

    // Stands for a worker that knows the field.
    await fixture.sql`update jobs set payload = payload - 'paper' where id = ${newer}`;
    const taken = await seconds(() => fixture.ended([newer]));
    await checkAttempts(fixture, [newer]);
    const { state, attempt } = await fixture.readJob(unknown);
    holds(
      state === 'queued' && attempt === 0,
      `a job of an unknown kind is ${state} after attempt ${attempt}`,
    );
    await fixture.sql`delete from jobs where id = ${unknown}`;
    return { 'other jobs done after, s': passed, 'done after it could be read, s': taken };
  },
};

/** Stores a job as an API of a later release does; resolves to its id. */
async function insertUnknownKind({ sql, portfolio }: Fixture): Promise<string> {
  const id = `job_${'0'.repeat(25)}1`;
  await sql.begin(async (tx) => {
    await tx`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
      select ${id}, id, 'export.epub', 'EPUB', 'queued', 'epub', '{}', 'someone', 5, 1
      from portfolios where slug = ${portfolio}`;
    await tx`
      insert into job_events (job_id, seq, type, state, attempt, progress)
      values (${id}, 1, 'queued', 'queued', 0, 0)`;
  });
  return id;
}
