import { setTimeout as wait } from 'node:timers/promises';
import { followJob, labelOf } from '../follow-job.ts';
import { type Scenario, holds } from '../scenario.ts';
import { type Member, type Scene, polls, seconds } from '../scene.ts';

export const workerKilled: Scenario = {
  name: 'worker-killed',
  injects:
    'kill -9 of a worker at every step of a job: before and after each of its requests, from the message that ' +
    'brings the job over the claim, every progress, the upload and the success to the removal of the message',
  promises: 'another worker ends the job, and what the dead one did takes effect once or not at all',
  quick: true,
  async run(scene) {
    const all = await listSteps(scene);
    const steps = [...all.keys()].filter((at) => !scene.isQuick || inQuickRuns.has(all[at]!));
    const worker = await scene.startWorker();
    const ids: string[] = [];
    for (const step of steps) {
      const id = await scene.accept(await scene.study());
      scene.watch([id]);
      ids.push(id);
      if (!(await killAt(scene, worker, id, step))) continue;
      worker.start();
      await polls(worker);
    }
    const recovery = await seconds(() => scene.ended());
    for (const id of ids) {
      const { state } = await scene.job(id);
      holds(
        state === 'succeeded',
        `a job whose worker was killed ${all[steps[ids.indexOf(id)]!]} is ${state}`,
      );
    }
    return {
      'steps at which a worker died': worker.starts() - 1,
      'the last jobs recovered after, s': recovery,
    };
  },
};

/** A start of a worker takes a second: these are the steps at which most is at stake. */
const inQuickRuns = new Set(['after started', 'after PUT', 'before succeeded', 'after succeeded']);

/** Lets a worker do a job undisturbed; resolves to the names of its steps. */
async function listSteps(scene: Scene): Promise<string[]> {
  const worker = await scene.startWorker();
  const id = await scene.accept(await scene.study());
  const steps: string[] = [];
  const removed = worker.aws.first(
    'after',
    ({ name }) => name === 'DeleteMessage',
    () => 'pass',
  );
  const stop = followJob(worker, id, ({ when, request }) => {
    steps.push(`${when} ${labelOf(request)}`);
    return 'pass';
  });
  await removed;
  stop();
  await worker.terminate();
  return steps;
}

/** A job that ended has its message removed within this time. */
const removalMilliseconds = 2000;

/** Kills the worker at a step of a job; resolves to false where the job had fewer steps than the one before it. */
async function killAt(scene: Scene, worker: Member, id: string, step: number): Promise<boolean> {
  let passed = 0;
  let stop = () => {};
  const killed = new Promise<true>((resolve) => {
    stop = followJob(worker, id, async () => {
      if (passed++ !== step) return 'pass';
      stop();
      await worker.kill();
      resolve(true);
      return 'cut';
    });
  });
  const spared = scene.ended([id]).then(() => wait(removalMilliseconds, false as const));
  const isKilled = await Promise.race([killed, spared]);
  stop();
  return isKilled;
}
