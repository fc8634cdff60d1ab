import { type Scenario, holds } from '../scenario.ts';
import { productionTimes } from '../environment.ts';
import { seconds } from '../../support/until.ts';
import { checkAttempts } from './postgres.ts';

/** The promise is half a minute. */
const maxSeconds = 30;

export const queueLost: Scenario = {
  name: 'queue-lost',
  injects:
    'the queues lose all messages while jobs wait for a worker; then they are deleted while a worker polls them, and ' +
    'created again (settings of production)',
  promises: `all jobs are done within ${maxSeconds} s, with no attempt used up`,
  tested: 'always',
  async run(fixture) {
    const ids = await fixture.load(fixture.isQuick ? 4 : 30, 1);
    await fixture.purgeQueues();
    await fixture.startWorker(productionTimes);
    const afterPurge = await seconds(() => fixture.ended(ids, maxSeconds));

    await fixture.deleteQueues();
    const more = await fixture.load(fixture.isQuick ? 4 : 30, 1);
    await fixture.createQueues();
    const afterDeletion = await seconds(() => fixture.ended(more, maxSeconds));
    await checkAttempts(fixture, [...ids, ...more]);
    holds((await fixture.countEvents('lost')) === 0, 'attempts counted as lost although no worker was');
    return {
      jobs: ids.length + more.length,
      'done after the loss of all messages, s': afterPurge,
      'done after the loss of the queues, s': afterDeletion,
    };
  },
};
