import { type Scenario, holds } from '../scenario.ts';
import { seconds } from '../../support/until.ts';
import { pass, uploads } from '../wire/requests.ts';

/** So long that a job which were left to its lease would be seen. */
const longLease = { LEASE_SECONDS: '60' };

export const sigterm: Scenario = {
  name: 'sigterm',
  injects: 'SIGTERM of a worker and of the API while jobs wait, run and are asked for',
  promises:
    'both end with code 0 within their grace; what runs is finished or handed on, and no job has to wait for a lease',
  tested: 'never',
  async run(scene) {
    const leaving = await scene.startWorker(longLease);
    await scene.startWorker(longLease);
    const uploading = leaving.aws.first('before', uploads, pass);
    const ids = await scene.load(6, 3);
    await Promise.race([uploading, scene.ended(ids)]);
    let code: number | null = null;
    const workerLeft = await seconds(async () => {
      code = await leaving.terminate();
    });
    holds(code === 0, `the worker ended with ${code}`);
    const slug = await scene.makeStudy();
    const asked = [scene.accept(slug), scene.accept(slug)];
    let apiCode: number | null = null;
    const apiLeft = await seconds(async () => {
      apiCode = await scene.api.terminate();
    });
    holds(apiCode === 0, `the API ended with ${apiCode}`);
    scene.api.start();
    await scene.apiIsReady();
    scene.watch(await Promise.all(asked));
    const done = await seconds(() => scene.ended());
    const lost = await scene.countEvents('lost');
    holds(lost === 0, `${lost} attempts were lost in an orderly stop`);
    return {
      'worker ended after, s': workerLeft,
      'API ended after, s': apiLeft,
      'all jobs done after, s': done,
    };
  },
};
