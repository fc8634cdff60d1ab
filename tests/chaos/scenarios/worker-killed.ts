import { setTimeout as wait } from 'node:timers/promises';
import { type Moment, followJob, isShared } from '../follow-job.ts';
import { type Measured, type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { type AppProcess, polls } from '../environment.ts';
import { seconds } from '../../support/until.ts';
import { labelOf } from '../wire/requests.ts';

/** The most critical steps, for `npm test`: each start of a worker takes a second. */
const criticalSteps = ['after PUT', 'after succeeded'];

export const workerKilled: Scenario = {
  name: 'worker-killed',
  injects:
    'kill -9 of a worker at every step of a job: before and after each of its requests, from the message that ' +
    'wakes it, its removal and the claim to every progress, the upload and the success',
  promises: 'another worker finishes the job, and the work of the killed one takes effect once or not at all',
  tested: 'always',
  run: (fixture) => killAtEach(fixture, async () => fixture.accept(await fixture.makeStudy())),
};

/** Kills a worker at each step of jobs that `ask` requests, one job per step. */
export async function killAtEach(
  fixture: Fixture,
  ask: () => Promise<string>,
  settings: Record<string, string> = {},
): Promise<Measured> {
  const steps = fixture.isQuick ? criticalSteps : await listSteps(fixture, ask, settings);
  const worker = await fixture.startWorker(settings);
  const died: string[] = [];
  for (const step of steps) {
    const id = await ask();
    fixture.watch([id]);
    if (!(await killAt(fixture, worker, id, step))) continue;
    died.push(step);
    worker.start();
    await polls(worker);
  }
  const recovery = await seconds(() => fixture.ended());
  for (const { id } of fixture.accepted) {
    const { state } = await fixture.readJob(id);
    holds(state === 'succeeded', `a job whose worker was killed is ${state}`);
  }
  // A step or two may be missing: how often progress is reported depends on the speed of the machine.
  holds(died.length >= steps.length * 0.7, `workers died only ${died.join(', ')}`);
  return {
    'steps at which a worker died': `${died.length} of ${steps.length}`,
    'the last job recovered after, s': recovery,
  };
}

/**
 * Names the steps of a job in order: `before progress`, `after progress`, `before progress 2`, … Claims and messages, which
 * a worker repeats without jobs, are not counted.
 */
function createNames(): (moment: Moment) => string {
  const counts = new Map<string, number>();
  return ({ when, request }) => {
    const label = `${when} ${labelOf(request)}`;
    if (isShared(request)) return label;
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    return count === 1 ? label : `${label} ${count}`;
  };
}

/** Lets a worker do a job undisturbed; resolves to the names of its steps. */
async function listSteps(
  fixture: Fixture,
  ask: () => Promise<string>,
  settings: Record<string, string>,
): Promise<string[]> {
  const worker = await fixture.startWorker(settings);
  const id = await ask();
  const steps = new Set<string>();
  const nameOf = createNames();
  const stop = followJob(worker, id, (moment) => {
    steps.add(nameOf(moment));
    return 'pass';
  });
  await fixture.ended([id]);
  stop();
  await worker.terminate();
  return [...steps];
}

/** The last request about a job that ended is made within this time. */
const lastRequestMilliseconds = 2000;

/** Kills the worker at a step of a job; resolves to false if the job ended without that step. */
async function killAt(fixture: Fixture, worker: AppProcess, id: string, step: string): Promise<boolean> {
  const nameOf = createNames();
  const killed = Promise.withResolvers<true>();
  const stop = followJob(worker, id, async (moment) => {
    if (nameOf(moment) !== step) return 'pass';
    stop();
    await worker.kill();
    killed.resolve(true);
    return 'cut';
  });
  const spared = fixture.ended([id]).then(() => wait(lastRequestMilliseconds, false as const));
  const isKilled = await Promise.race([killed.promise, spared]);
  stop();
  return isKilled;
}
