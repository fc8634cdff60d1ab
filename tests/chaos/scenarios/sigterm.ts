import { type Scenario, holds } from '../scenario.ts';
import { seconds } from '../../support/until.ts';
import { pass, uploads } from '../wire/requests.ts';

/** Long enough that a job which waits for its lease to expire would be noticed. */
const longLease = { LEASE_SECONDS: '60' };

export const sigterm: Scenario = {
  name: 'sigterm',
  injects: 'SIGTERM of a worker and of the API while jobs wait, run and are requested',
  promises:
    'both exit with code 0 within their grace period; running jobs are finished or released, and no job waits for a lease',
  tested: 'never',
  async run(fixture) {
    const leaving = await fixture.startWorker(longLease);
    await fixture.startWorker(longLease);
    const uploading = leaving.aws.first('before', uploads, pass);
    const ids = await fixture.load(6, 3);
    await Promise.race([uploading, fixture.ended(ids)]);
    let code: number | null = null;
    const workerLeft = await seconds(async () => {
      code = await leaving.terminate();
    });
    holds(code === 0, `the worker ended with ${code}`);
    const slug = await fixture.makeStudy();
    const asked = [fixture.accept(slug), fixture.accept(slug)];
    let apiCode: number | null = null;
    const apiLeft = await seconds(async () => {
      apiCode = await fixture.api.terminate();
    });
    holds(apiCode === 0, `the API ended with ${apiCode}`);
    fixture.api.start();
    await fixture.apiIsReady();
    fixture.watch(await Promise.all(asked));
    const done = await seconds(() => fixture.ended());
    const lost = await fixture.countEvents('lost');
    holds(lost === 0, `${lost} attempts were lost in an orderly stop`);
    return {
      'worker ended after, s': workerLeft,
      'API ended after, s': apiLeft,
      'all jobs done after, s': done,
    };
  },
};
