import { type Scenario, holds } from '../scenario.ts';
import { seconds } from '../../support/until.ts';
import { pass, uploads } from '../wire/requests.ts';

export const workerFrozen: Scenario = {
  name: 'worker-frozen',
  injects: 'SIGSTOP of a worker that is uploading a file, for longer than its lease; then it continues',
  promises: 'another worker finishes the job meanwhile, and writes of the frozen one have no effect',
  tested: 'exhaustively',
  async run(fixture) {
    const frozen = await fixture.startWorker();
    const [stopped, wakes] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    void frozen.aws.first('before', uploads, async () => {
      frozen.freeze();
      stopped.resolve();
      await wakes.promise;
      return 'pass' as const;
    });
    const [id] = (await fixture.load(1, 1)) as [string];
    await stopped.promise;
    await fixture.startWorker();
    const takeover = await seconds(() => fixture.ended());
    // Its upload continues, and everything that it writes about the job is too late.
    const written = frozen.postgres.first('after', ({ text }) => text.includes(id), pass);
    frozen.thaw();
    wakes.resolve();
    await written;
    const { state, attempt } = await fixture.readJob(id);
    holds(state === 'succeeded' && attempt === 2, `the job is ${state} after attempt ${attempt}`);
    await fixture.load(1, 2);
    await fixture.ended();
    return { 'another worker had ended the job after, s': takeover };
  },
};
