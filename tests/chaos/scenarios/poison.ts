import { type Scenario, holds } from '../scenario.ts';
import { type AppProcess, polls } from '../environment.ts';
import type { Fixture } from '../fixture.ts';
import { seconds, until } from '../../support/until.ts';
import { hasMessages, receives, uploads } from '../wire/requests.ts';

export const poisonMessage: Scenario = {
  name: 'poison-message',
  injects:
    'messages that cannot be read, one of the previous release, one of an unknown kind, and a job whose data no release can use',
  promises:
    'messages are removed whatever they say, the job fails after an hour, and no other job is delayed',
  tested: 'exhaustively',
  async run(fixture) {
    const [unusable] = (await fixture.load(1, 1)) as [string];
    await fixture.sql`update jobs set payload = '{"caseStudyId": 7}' where id = ${unusable}`;
    const ofRelease = `{"jobId":"job_${'0'.repeat(26)}","kind":"export.pdf"}`;
    const bodies = ['not JSON', '{"kind":7}', '{}', '{"kind":"export.epub"}', ofRelease];
    for (const body of bodies) await fixture.sendMessage(body);
    await fixture.startWorker();
    const ids = await fixture.load(2, 2);
    const passed = await seconds(() => fixture.ended(ids));
    await until('a worker met the payload', async () => (await fixture.countEvents('postponed')) > 0);
    await fixture.sql`update job_events set at = at - interval '61 minutes' where job_id = ${unusable}`;
    await fixture.ended();
    const { state, error } = await fixture.readJob(unusable);
    holds(state === 'failed', `a job whose data cannot be used is ${state} (${error?.code})`);
    await until('the queues are empty', async () => (await fixture.countMessages()) === 0);
    return {
      'messages without use': bodies.length,
      'good jobs behind them': ids.length,
      'they ended after, s': passed,
    };
  },
};

export const crashLoop: Scenario = {
  name: 'crash-loop',
  injects:
    'a job that kills its worker in each attempt; then a message that kills each worker that receives it, while jobs wait',
  promises:
    'the job is declared dead after its attempts, and can be redriven through the API; the message is removed after a bounded ' +
    'number of tries, and the jobs are done with no attempt used up by it',
  tested: 'never',
  async run(fixture) {
    const worker = await fixture.startWorker();
    const ofJob = await killInEachAttempt(fixture, worker);
    const ofMessage = await killByMessage(fixture, worker);
    return {
      'workers killed by the job': ofJob.kills,
      'dead after, s': ofJob.seconds,
      'workers killed by the message': ofMessage.kills,
      'message removed after, s': ofMessage.seconds,
    };
  },
};

async function killInEachAttempt(fixture: Fixture, worker: AppProcess) {
  const stop = worker.aws.always('before', uploads, () => killed(worker));
  const [id] = (await fixture.load(1, 1)) as [string];
  const isDead = async () => (await fixture.readJob(id)).state === 'dead';
  const figures = await restartUntil(worker, 'the job is dead', isDead);
  stop();
  await fixture.client.job.retry.mutate({ id });
  // Its earlier watcher ended when the job was dead. A new one follows the retry, too.
  fixture.watch([id]);
  if (!worker.isRunning()) worker.start();
  await fixture.ended();
  const { state } = await fixture.readJob(id);
  holds(state === 'succeeded', `a dead job that was redriven is ${state}`);
  return figures;
}

async function killByMessage(fixture: Fixture, worker: AppProcess) {
  await until('no message is left', async () => (await fixture.countMessages()) === 0);
  await fixture.sendMessage('poison');
  const stop = worker.aws.always('after', receives, (_, answer) =>
    hasMessages(answer) && answer.includes('poison') ? killed(worker) : 'pass',
  );
  const ids = await fixture.load(2, 2);
  const isRemoved = async () =>
    (await fixture.countMessages()) === 0 && (await fixture.countDeadLetters()) === 0;
  const figures = await restartUntil(worker, 'the message is removed', isRemoved);
  stop();
  if (!worker.isRunning()) worker.start();
  await fixture.ended(ids);
  for (const id of ids) {
    const { state } = await fixture.readJob(id);
    holds(state === 'succeeded', `a job behind a message that kills workers is ${state}`);
  }
  return figures;
}

async function killed(worker: AppProcess) {
  await worker.kill();
  return 'cut' as const;
}

/** Starts the worker again as often as it is killed, as an orchestrator does. */
async function restartUntil(worker: AppProcess, what: string, isDone: () => Promise<boolean>) {
  const before = worker.starts();
  async function restart() {
    if (!worker.isRunning()) {
      worker.start();
      await Promise.race([polls(worker), until('it is killed', () => !worker.isRunning())]);
    }
    return isDone();
  }
  const taken = await seconds(() => until(what, restart, 180));
  return { kills: worker.starts() - before, seconds: taken };
}
