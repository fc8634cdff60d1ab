import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';
import { seconds, until } from '../../support/until.ts';
import { checkAttempts } from './postgres.ts';
import { uploads } from '../wire/requests.ts';

export const s3MidUpload: Scenario = {
  name: 's3-mid-upload',
  injects: 'the connection to S3 breaks in the middle of every upload, for 20 s (2 s within npm test)',
  promises: 'no half file is ever shown, jobs wait until S3 is available again, and no attempt is used up',
  tested: 'exhaustively',
  async run(fixture) {
    const worker = await fixture.startWorker({ LEASE_SECONDS: '10' });
    let broken = 0;
    const stop = worker.aws.always('before', uploads, () => {
      broken++;
      return 'half';
    });
    const ids = await fixture.load(3, 1);
    await wait(fixture.isQuick ? 2000 : 20_000);
    await until('uploads break', () => broken >= ids.length);
    stop();
    const recovery = await seconds(() => fixture.ended());
    await checkAttempts(fixture, ids);
    return { 'uploads that broke': broken, 'all jobs done after the outage, s': recovery };
  },
};
