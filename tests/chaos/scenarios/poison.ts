import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { type AppProcess, polls } from '../environment.ts';
import { seconds, until } from '../../support/until.ts';
import { receives, uploads } from '../wire/requests.ts';

export const poisonMessage: Scenario = {
  name: 'poison-message',
  injects:
    'messages that cannot be read, one for a job that does not exist, and a job with data it cannot use',
  promises: 'they are set aside immediately, and the jobs after them are not delayed',
  tested: 'exhaustively',
  async run(fixture) {
    const worker = await fixture.startWorker();
    const unusable = await acceptUnusable(fixture, worker);
    const bodies = ['not JSON', '{"jobId":7}', '{}', `{"jobId":"job_${'0'.repeat(26)}","kind":"export.pdf"}`];
    for (const body of bodies) await fixture.sendMessage(body);
    const ids = await fixture.load(2, 2);
    const passed = await seconds(() => fixture.ended());
    const { state, attempt, error } = await fixture.readJob(unusable);
    holds(state === 'failed', `a job whose data cannot be used is ${state}`);
    holds(attempt === 1, `a job whose data cannot be used was tried ${attempt} times (${error?.code})`);
    await until('the queue is empty', async () => (await fixture.countMessages()) === 0);
    return {
      'messages without use': bodies.length,
      'good jobs behind them': ids.length,
      'all ended after, s': passed,
    };
  },
};

/** Accepts a job, and spoils its data before a worker sees it. */
async function acceptUnusable(fixture: Fixture, worker: AppProcess): Promise<string> {
  const spoiled = Promise.withResolvers<void>();
  const stop = worker.aws.always('after', receives, async (_, answer) => {
    if (answer.includes('job_')) await spoiled.promise;
    return 'pass' as const;
  });
  const [id] = (await fixture.load(1, 1)) as [string];
  await fixture.sql`update jobs set payload = '{"caseStudyId": 7}' where id = ${id}`;
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
  async run(fixture) {
    const worker = await fixture.startWorker();
    const kill = async () => {
      await worker.kill();
      return 'cut' as const;
    };
    const stopInAttempt = worker.aws.always('before', uploads, kill);
    const [first] = (await fixture.load(1, 1)) as [string];
    const ofAttempts = await restartUntilDead(fixture, worker, first);
    stopInAttempt();

    const slug = await fixture.makeStudy();
    const stopReceiving = worker.aws.always('after', receives, (_, answer) =>
      answer.includes('job_') ? kill() : 'pass',
    );
    const second = await fixture.accept(slug);
    fixture.watch([second]);
    const ofMessages = await restartUntilDead(fixture, worker, second);
    stopReceiving();
    if (!worker.isRunning()) worker.start();

    for (const id of [first, second]) await fixture.client.job.retry.mutate({ id });
    // Earlier watchers ended when the jobs were dead. New ones follow the retries, too.
    fixture.watch([first, second]);
    await fixture.ended();
    for (const id of [first, second]) {
      const { state } = await fixture.readJob(id);
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
async function restartUntilDead(fixture: Fixture, worker: AppProcess, id: string) {
  const before = worker.starts();
  const taken = await seconds(() =>
    until(
      'the job is dead',
      async () => {
        if (!worker.isRunning()) {
          worker.start();
          await Promise.race([polls(worker), until('it is killed', () => !worker.isRunning())]);
        }
        return (await fixture.readJob(id)).state === 'dead';
      },
      180,
    ),
  );
  return { kills: worker.starts() - before, seconds: taken };
}
