import { type Scenario, holds } from '../scenario.ts';
import { seconds, until } from '../scene.ts';

export const apiKilledBeforePublish: Scenario = {
  name: 'api-killed-before-publish',
  injects: 'kill -9 of the API when a job is committed and its message is about to go to SQS',
  promises: 'the job is done all the same, once, also where its client never got the answer and asks again',
  quick: true,
  async run(scene) {
    const slug = await scene.study();
    await scene.startWorker();
    const { api } = scene;
    const killed = api.aws.first(
      'before',
      ({ name }) => name === 'SendMessageBatch',
      async () => {
        await api.kill();
        return 'cut' as const;
      },
    );
    // The client repeats what was not answered, with the same idempotency key.
    const asked = scene.accept(slug);
    await killed;
    const recovery = await seconds(async () => {
      await until('the job ends', async () => {
        const [job] = await scene.sql<[{ state: string }]>`select state from jobs`;
        return job.state === 'succeeded';
      });
    });
    api.start();
    await scene.isReady();
    const id = await asked;
    scene.watch(id);
    const [{ jobs }] = await scene.sql<[{ jobs: number }]>`select count(*)::int as jobs from jobs`;
    holds(jobs === 1, `one request made ${jobs} jobs`);
    return { 'done without the API after, s': recovery };
  },
};
