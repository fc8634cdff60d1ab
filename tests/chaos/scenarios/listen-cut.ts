import type { Scenario } from '../scenario.ts';
import { seconds } from '../../support/until.ts';

const everyMilliseconds = 300;

export const listenCut: Scenario = {
  name: 'listen-cut',
  injects:
    'the connections on which API and worker LISTEN are cut, again and again, while watchers follow jobs',
  promises:
    'every watcher gets every event of its job once and in order, by WebSocket and by server-sent events',
  tested: 'never',
  async run(fixture) {
    await fixture.startWorker();
    let cuts = 0;
    const cutting = setInterval(() => {
      cuts++;
      for (const { postgres } of fixture.members()) postgres.cutListeners();
    }, everyMilliseconds);
    try {
      const ids = await fixture.load(4, 4);
      const taken = await seconds(() => fixture.ended());
      return { jobs: ids.length, 'times cut': cuts, 'all jobs done after, s': taken };
    } finally {
      clearInterval(cutting);
    }
  },
};
