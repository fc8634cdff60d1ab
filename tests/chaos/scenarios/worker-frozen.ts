import { type Scenario, holds } from '../scenario.ts';
import { seconds, until } from '../until.ts';
import { pass, uploads } from '../wire/requests.ts';

export const workerFrozen: Scenario = {
  name: 'worker-frozen',
  injects:
    'SIGSTOP of a worker that is uploading a file, for longer than its lease; then it wakes up and goes on',
  promises: 'another worker ends the job meanwhile, and nothing that the late one writes counts',
  quick: true,
  async run(scene) {
    const frozen = await scene.startWorker();
    const wakes = Promise.withResolvers<void>();
    const stopped = frozen.aws.first('before', uploads, async () => {
      frozen.freeze();
      await wakes.promise;
      return 'pass' as const;
    });
    const [id] = (await scene.load(1, 1)) as [string];
    await stopped;
    await scene.startWorker();
    const takeover = await seconds(() => scene.ended());
    // What it writes at last: the rest of its file, and that it succeeded.
    const uploaded = frozen.aws.first('after', uploads, pass);
    const written = frozen.postgres.first('after', ({ text }) => text.includes(id), pass);
    frozen.thaw();
    wakes.resolve();
    await Promise.all([uploaded, written]);
    await until('the late worker takes jobs again', async () => {
      const { state, attempt } = await scene.readJob(id);
      holds(state === 'succeeded' && attempt === 2, `the job is ${state} after attempt ${attempt}`);
      return true;
    });
    await scene.load(1, 2);
    await scene.ended();
    return { 'another worker had ended the job after, s': takeover };
  },
};
