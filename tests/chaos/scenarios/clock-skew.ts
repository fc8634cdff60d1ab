import { globSync } from 'node:fs';
import { type Scenario, holds } from '../scenario.ts';
import { seconds } from '../../support/until.ts';
import { uploads } from '../wire/requests.ts';

const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');

/** The settings of a process whose wall clock is wrong by some seconds. */
const skewedBy = (offset: string) => ({
  LD_PRELOAD: library ?? '',
  FAKETIME: offset,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  LEASE_SECONDS: '5',
});

export const clockSkew: Scenario = {
  name: 'clock-skew',
  injects:
    'one worker whose clock is an hour ahead, one whose clock is an hour behind; then kill -9 of the first',
  promises:
    'leases, retries and order depend on the clock of the database only: no job is lost, early or late',
  tested: 'never',
  needs: { package: 'libfaketime', isThere: () => library !== undefined },
  async run(fixture) {
    const ahead = await fixture.startWorker(skewedBy('+3600s'));
    await fixture.startWorker(skewedBy('-3600s'));
    const ids = await fixture.load(4, 3);
    await fixture.ended();
    const lost = await fixture.countEvents('lost');
    holds(lost === 0, `${lost} attempts counted as lost although no worker was`);

    const killed = ahead.aws.first('before', uploads, async () => {
      await ahead.kill();
      return 'cut' as const;
    });
    const more = await fixture.load(4, 2);
    await killed;
    const recovery = await seconds(() => fixture.ended());
    return { jobs: ids.length + more.length, 'all jobs done after the kill, s': recovery };
  },
};
