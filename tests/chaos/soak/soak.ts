import { setTimeout as wait } from 'node:timers/promises';
import { watchMemory } from '../memory.ts';
import { type Measured, type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds } from '../../support/until.ts';
import { inject } from './inject.ts';
import { type Fault, planFaults } from './plan.ts';

const workerCount = 4;
/** Jobs that one worker runs first, without faults: V8 enlarges its heaps at first, whatever is in them. */
const warmUpJobs = 1000;
const warmUpTimeoutSeconds = 300;
const portfolioCount = 4;
const groupsPerPortfolio = 12;
/** The rate of requests, slightly slower than two processors can run the jobs. */
const jobsPerSecond = 25;
/** A shorter soak would have few faults. */
const minSeconds = 30;
/** Slow machines take longer to request all jobs, and faults continue as long, up to this limit. */
const maxSeconds = 1200;
const drainTimeoutSeconds = 150;
/** The number of jobs that are followed by watchers. */
const watchedJobs = 60;
/** The factor by which the memory of a worker may grow from the middle to the end. */
const maxGrowth = 1.15;

/** `count` jobs over four workers with faults at random, the same ones for the same seed. */
export const createSoak = (seed: number, count: number): Scenario => ({
  name: 'soak',
  injects: `${count} jobs of ${portfolioCount * groupsPerPortfolio} groups over ${workerCount} workers, with faults of every kind at random (seed ${seed})`,
  promises:
    'none is lost, none takes effect twice, groups keep their order, events have no gap, no lease is left, and memory is flat',
  tested: 'never',
  ownPostgres: true,
  async run(fixture) {
    const durationSeconds = Math.max(minSeconds, count / jobsPerSecond);
    const permanent = await fixture.startWorker();
    const groups = await makeGroups(fixture);
    await askForJobs(fixture, groups, Math.min(warmUpJobs, count), 0);
    await fixture.ended(undefined, warmUpTimeoutSeconds);
    const killable = await Promise.all(Array.from({ length: workerCount - 1 }, () => fixture.startWorker()));
    const memory = watchMemory(permanent.pid()!);
    const processes = { fixture, killable, all: fixture.members() };
    const asked = new AbortController();
    const [asking, faults] = await Promise.all([
      seconds(() => askForJobs(fixture, groups, count, durationSeconds)).finally(() => asked.abort()),
      injectUntil(asked.signal, processes, planFaults(seed, maxSeconds)),
    ]);
    const drain = await seconds(() => fixture.ended(undefined, drainTimeoutSeconds));
    const { middle, end } = memory.stop();
    holds(end <= middle * maxGrowth, `a worker's memory grew from ${middle} MiB to ${end} MiB`);
    const outcome = await expectSuccess(fixture);
    return {
      ...outcome,
      ...countKinds(faults),
      'requested within, s': asking,
      'last job done after the last fault, s': drain,
      'memory of a worker in the middle, MiB': middle,
      'memory of a worker at the end, MiB': end,
    };
  },
});

/** Injects each fault at its time until `over`; resolves to the injected faults after the last one has ended. */
async function injectUntil(over: AbortSignal, processes: Parameters<typeof inject>[0], faults: Fault[]) {
  const injected: Fault[] = [];
  const injecting = faults.map(async (fault) => {
    await wait(fault.atSeconds * 1000, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return;
    injected.push(fault);
    await inject(processes, fault);
  });
  await Promise.all(injecting);
  return injected;
}

type Group = { of: string; slug: string };

async function makeGroups(fixture: Fixture): Promise<Group[]> {
  const groups: Group[] = [];
  for (let number = 0; number < portfolioCount; number++) {
    const of = await fixture.makePortfolio();
    for (let group = 0; group < groupsPerPortfolio; group++)
      groups.push({ of, slug: await fixture.makeStudy(of) });
  }
  return groups;
}

/** Requests jobs evenly over the time, as several clients do that each wait for their answers. */
async function askForJobs(fixture: Fixture, groups: Group[], count: number, durationSeconds: number) {
  const start = performance.now();
  let asked = 0;
  const ask = async () => {
    while (asked < count) {
      const number = asked++;
      await wait(Math.max(0, start + (number / count) * durationSeconds * 1000 - performance.now()));
      const isLate = performance.now() - start > maxSeconds * 1000;
      holds(!isLate, `only ${number} jobs could be requested within ${maxSeconds} s`);
      const { of, slug } = groups[number % groups.length]!;
      const id = await fixture.accept(slug, of);
      if (number % Math.ceil(count / watchedJobs) === 0) fixture.watch([id]);
    }
  };
  await Promise.all(Array.from({ length: 16 }, ask));
}

/** Every job succeeded, except those that lost a worker in each of their attempts. */
async function expectSuccess({ sql, accepted }: Fixture): Promise<Measured> {
  const ids = accepted.map(({ id }) => id);
  const rows = await sql<{ state: string; lost: number; maxAttempts: number; id: string }[]>`
    select id, state, max_attempts as "maxAttempts",
      (select count(*)::int from job_events e where e.job_id = jobs.id and e.type in ('lost', 'dead')) as lost
    from jobs where id = any(${ids})`;
  const others = rows.filter(({ state }) => state !== 'succeeded');
  const unexpected = others.find(({ state, lost }) => state !== 'dead' || lost < 5);
  holds(
    !unexpected,
    `${unexpected?.id} is ${unexpected?.state} though only ${unexpected?.lost} workers were lost with it`,
  );
  return {
    'jobs that succeeded': rows.length - others.length,
    'jobs that are dead': others.length,
    'attempts whose worker was lost': rows.reduce((sum, { lost }) => sum + lost, 0),
  };
}

function countKinds(faults: Fault[]): Measured {
  const kinds = Map.groupBy(faults, ({ kind }) => kind);
  return Object.fromEntries([...kinds].map(([kind, of]) => [`faults: ${kind}`, of.length]));
}
