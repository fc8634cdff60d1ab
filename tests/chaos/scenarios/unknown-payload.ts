import type postgres from 'postgres';
import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds, until } from '../../support/until.ts';
import { checkAttempts } from './postgres.ts';

export const unknownPayload: Scenario = {
  name: 'unknown-payload',
  injects:
    'jobs as a newer API may accept them: one whose payload no worker can read, one with a field more, and one of an unknown kind',
  promises:
    'the first two wait for a worker that can read them, say so, and use up no attempt; the third waits; nobody is delayed',
  tested: 'exhaustively',
  async run(fixture) {
    const [newer, more] = (await fixture.load(2, 1)) as [string, string];
    const { sql } = fixture;
    const [before] = await sql<
      [{ payload: postgres.JSONValue }]
    >`select payload from jobs where id = ${newer}`;
    await sql`update jobs set payload = '{"chapterId": "ch_1"}' where id = ${newer}`;
    await sql`update jobs set payload = payload || '{"paper": "a5"}' where id = ${more}`;
    const unknown = await insertUnknownKind(fixture);
    await fixture.startWorker();
    const others = await fixture.load(3, 2);
    const passed = await seconds(() => fixture.ended(others));
    await until(
      'the worker tried both payloads twice',
      async () => (await fixture.countEvents('postponed')) > 3,
    );
    for (const id of [newer, more]) {
      const waiting = await fixture.readJob(id);
      holds(waiting.state !== 'failed', `the job failed (${waiting.error?.code})`);
      holds(waiting.error?.code === 'invalid_payload', `the event says ${waiting.error?.code}`);
    }

    // Stands for a worker that can read them.
    await sql`update jobs set payload = ${sql.json(before.payload)} where id = ${newer}`;
    await sql`update jobs set payload = payload - 'paper' where id = ${more}`;
    const taken = await seconds(() => fixture.ended([newer, more]));
    await checkAttempts(fixture, [newer, more]);
    const { state, attempt } = await fixture.readJob(unknown);
    holds(
      state === 'queued' && attempt === 0,
      `a job of an unknown kind is ${state} after attempt ${attempt}`,
    );
    await sql`delete from jobs where id = ${unknown}`;
    return { 'other jobs done after, s': passed, 'done after they could be read, s': taken };
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
