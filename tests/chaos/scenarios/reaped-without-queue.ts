import { type Scenario, holds } from '../scenario.ts';
import { seconds } from '../../support/until.ts';
import { isSqs, uploads } from '../wire/requests.ts';

/** Several leases, which last 2 s. */
const maxSeconds = 15;

export const reapedWithoutQueue: Scenario = {
  name: 'reaped-without-queue',
  injects: 'kill -9 of a worker with running jobs while SQS is unavailable; one of the jobs is cancelled',
  promises: 'meanwhile the cancelled job ends, and the other one is done by another worker',
  tested: 'exhaustively',
  async run(fixture) {
    const killed = await fixture.startWorker();
    const uploading = Promise.withResolvers<void>();
    let uploadCount = 0;
    killed.aws.always('before', uploads, () => {
      if (++uploadCount === 2) uploading.resolve();
      return 'hang';
    });
    const [cancelled, other] = (await fixture.load(2, 1)) as [string, string];
    await uploading.promise;
    await fixture.startWorker();
    const stops = fixture.members().map(({ aws }) => aws.always('before', isSqs, () => 'cut'));
    await killed.kill();
    await fixture.client.job.cancel.mutate({ id: cancelled });
    const ended = await seconds(() => fixture.ended([cancelled], maxSeconds));
    const done = await seconds(() => fixture.ended([other], maxSeconds));
    stops.forEach((stop) => stop());
    const states = [(await fixture.readJob(cancelled)).state, (await fixture.readJob(other)).state];
    holds(states.join() === 'cancelled,succeeded', `the jobs are ${states.join(' and ')}`);
    return { 'cancelled job ended after, s': ended, 'other job done after, s': ended + done };
  },
};
