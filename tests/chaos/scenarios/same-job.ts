import { type Scenario, holds } from '../scenario.ts';
import type { AppProcess } from '../environment.ts';
import { until } from '../../support/until.ts';
import { isClaim } from '../wire/requests.ts';

export const sameJob: Scenario = {
  name: 'same-job',
  injects: 'two workers claim the same jobs at the same moment',
  promises: 'one of them works on each job, and the other one leaves it alone',
  tested: 'exhaustively',
  async run(fixture) {
    // Long leases: a slow machine must not make a second attempt.
    const settings = { LEASE_SECONDS: '30' };
    const workers = [await fixture.startWorker(settings), await fixture.startWorker(settings)];
    const claiming = new Set<AppProcess>();
    let areAccepted = false;
    for (const worker of workers) {
      // Both claims arrive before either continues.
      worker.postgres.always('before', isClaim, async () => {
        claiming.add(worker);
        await until('both claim', () => areAccepted && claiming.size === workers.length);
        return 'pass' as const;
      });
    }
    const ids = await fixture.load(3, 2);
    areAccepted = true;
    await fixture.ended();
    const started = await fixture.countEvents('started');
    holds(started === ids.length, `${ids.length} jobs began ${started} attempts`);
    return { jobs: ids.length, 'attempts that began': started };
  },
};
