import { type Scenario, holds } from '../scenario.ts';
import type { Scene } from '../scene.ts';
import { type Member, polls } from '../stage.ts';
import { seconds, until } from '../../support/until.ts';
import { receives, uploads } from '../wire/requests.ts';

export const poisonMessage: Scenario = {
  name: 'poison-message',
  injects:
    'messages that cannot be read, one for a job that does not exist, and a job with data it cannot use',
  promises: 'they are set aside at once, and the jobs behind them are not held up',
  tested: 'exhaustively',
  async run(scene) {
    const worker = await scene.startWorker();
    const unusable = await acceptUnusable(scene, worker);
    const bodies = ['not JSON', '{"jobId":7}', '{}', `{"jobId":"job_${'0'.repeat(26)}","kind":"export.pdf"}`];
    for (const body of bodies) await scene.sendMessage(body);
    const ids = await scene.load(2, 2);
    const passed = await seconds(() => scene.ended());
    const { state, attempt, error } = await scene.readJob(unusable);
    holds(state === 'failed', `a job whose data cannot be used is ${state}`);
    holds(attempt === 1, `a job whose data cannot be used was tried ${attempt} times (${error?.code})`);
    await until('the queue is empty', async () => (await scene.countMessages()) === 0);
    return {
      'messages without use': bodies.length,
      'good jobs behind them': ids.length,
      'all ended after, s': passed,
    };
  },
};

/** Accepts a job, and spoils its data before a worker sees it. */
async function acceptUnusable(scene: Scene, worker: Member): Promise<string> {
  const spoiled = Promise.withResolvers<void>();
  const stop = worker.aws.always('after', receives, async (_, answer) => {
    if (answer.includes('job_')) await spoiled.promise;
    return 'pass' as const;
  });
  const [id] = (await scene.load(1, 1)) as [string];
  await scene.sql`update jobs set payload = '{"caseStudyId": 7}' where id = ${id}`;
  spoiled.resolve();
  stop();
  return id;
}

export const crashLoop: Scenario = {
  name: 'crash-loop',
  injects:
    'a job that kills its worker in each attempt, and a message that kills its worker before the job can be claimed',
  promises:
    'both jobs are declared dead after a bounded number of tries, and can be redriven through the API',
  tested: 'never',
  async run(scene) {
    const worker = await scene.startWorker();
    const kill = async () => {
      await worker.kill();
      return 'cut' as const;
    };
    const stopInAttempt = worker.aws.always('before', uploads, kill);
    const [first] = (await scene.load(1, 1)) as [string];
    const ofAttempts = await restartUntilDead(scene, worker, first);
    stopInAttempt();

    const slug = await scene.makeStudy();
    const stopReceiving = worker.aws.always('after', receives, (_, answer) =>
      answer.includes('job_') ? kill() : 'pass',
    );
    const second = await scene.accept(slug);
    scene.watch([second]);
    const ofMessages = await restartUntilDead(scene, worker, second);
    stopReceiving();
    if (!worker.isRunning()) worker.start();

    for (const id of [first, second]) await scene.client.job.retry.mutate({ id });
    // Who followed them saw them die; these see their new beginning, too.
    scene.watch([first, second]);
    await scene.ended();
    for (const id of [first, second]) {
      const { state } = await scene.readJob(id);
      holds(state === 'succeeded', `a dead job that was redriven is ${state}`);
    }
    return {
      'workers killed by the attempts': ofAttempts.kills,
      'dead after, s': ofAttempts.seconds,
      'workers killed by the message': ofMessages.kills,
      'dead by the dead-letter queue after, s': ofMessages.seconds,
    };
  },
};

/** Starts the worker again as often as it is killed, as an orchestrator does. */
async function restartUntilDead(scene: Scene, worker: Member, id: string) {
  const before = worker.starts();
  const taken = await seconds(() =>
    until(
      'the job is dead',
      async () => {
        if (!worker.isRunning()) {
          worker.start();
          await Promise.race([polls(worker), until('it is killed', () => !worker.isRunning())]);
        }
        return (await scene.readJob(id)).state === 'dead';
      },
      180,
    ),
  );
  return { kills: worker.starts() - before, seconds: taken };
}
