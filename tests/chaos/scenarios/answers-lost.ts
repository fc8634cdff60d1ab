import { type Scenario, holds } from '../scenario.ts';
import { seconds, until } from '../../support/until.ts';
import type { Matches } from '../wire/rules.ts';
import { isClaim, labelOf } from '../wire/requests.ts';
import { checkAttempts } from './postgres.ts';

const isSuccess: Matches = (request) => labelOf(request) === 'succeeded';
/** A claim that finds nothing is lost as well, and changes nothing. */
const lostClaims = 3;

export const answersLost: Scenario = {
  name: 'answers-lost',
  injects:
    'the connection to Postgres breaks after a claim was committed and before the worker knows, then after the success of a ' +
    'job was',
  promises:
    'each job is done once, no attempt is used up and no lease expires; the log does not report a lost lease',
  tested: 'exhaustively',
  async run(fixture) {
    // Long: a job that waits for its lease to expire would be noticed.
    const worker = await fixture.startWorker({ LEASE_SECONDS: '60' });
    const measured: Record<string, number> = {};
    for (const [what, matches, times] of [
      ['claim', isClaim, lostClaims],
      ['success', isSuccess, 1],
    ] as const) {
      let lost = 0;
      const stop = worker.postgres.always('after', matches, () => (lost++ < times ? 'cut' : 'pass'));
      const ids = await fixture.load(2, 2);
      measured[`jobs done after a lost ${what}, s`] = await seconds(() => fixture.ended(ids, 30));
      await until(`the answer to a ${what} is lost`, () => lost >= times);
      stop();
    }
    await checkAttempts(
      fixture,
      fixture.accepted.map(({ id }) => id),
    );
    holds((await fixture.countEvents('lost')) === 0, 'a lease expired');
    const lines = await fixture.readLog(worker);
    holds(!lines.some(({ msg }) => msg.startsWith('lease lost')), 'the log reports a lost lease');
    return measured;
  },
};
