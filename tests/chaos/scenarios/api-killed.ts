import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds, until } from '../../support/until.ts';
import { commits, sends } from '../wire/requests.ts';

export const apiKilled: Scenario = {
  name: 'api-killed',
  injects:
    'kill -9 of the API between the commit of a job and its wake-up through SQS; and again right after the commit, before ' +
    'its client has the answer',
  promises:
    'the job is done without the API; the client, which retries with the same idempotency key, gets that job',
  tested: 'exhaustively',
  async run(fixture) {
    // The worker starts after the kill: otherwise it could send the message before the API does.
    const beforeSend = await askAndKill(
      fixture,
      (kill) => fixture.api.aws.first('before', sends, kill),
      fixture.startWorker,
    );
    const measured = { 'done without the API, killed before the message, s': beforeSend };
    if (fixture.isQuick) return measured;
    const afterCommit = await askAndKill(fixture, (kill) =>
      fixture.api.postgres.first('after', commits, kill),
    );
    return { ...measured, 'done without the API, killed after the commit, s': afterCommit };
  },
};

type Kill = () => Promise<'cut'>;

/** Requests a job and kills the API at a moment; resolves to how long the job took after that, or after `then`. */
async function askAndKill(
  fixture: Fixture,
  arrange: (kill: Kill) => Promise<unknown>,
  then?: () => Promise<unknown>,
): Promise<number> {
  const slug = await fixture.makeStudy();
  const countJobs = async () => {
    const [row] = await fixture.sql<[{ jobs: number; ended: number }]>`
      select count(*)::int as jobs, (count(*) filter (where state = 'succeeded'))::int as ended from jobs`;
    return row;
  };
  const { jobs: before } = await countJobs();
  const killed = arrange(async () => {
    await fixture.api.kill();
    return 'cut';
  });
  const asked = fixture.accept(slug);
  await killed;
  await then?.();
  const recovery = await seconds(() =>
    until('the job ends', async () => (await countJobs()).ended === before + 1),
  );
  fixture.api.start();
  await fixture.apiIsReady();
  fixture.watch([await asked]);
  const { jobs } = await countJobs();
  holds(jobs === before + 1, `one request made ${jobs - before} jobs`);
  return recovery;
}
