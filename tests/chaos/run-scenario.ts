import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { developmentPrograms } from '../../dev/programs.ts';
import { BrokenPromise, type Measured, type Scenario } from './scenario.ts';
import { createFixture } from './fixture.ts';
import { type Resources, type Environment, startEnvironment } from './environment.ts';

/** What has not come to its end by then hangs. */
const boundSeconds = { quick: 150, whole: 1200 };

export type Findings = {
  measured: Measured;
  /** The promises that did not hold, one a line. */
  broken: string[];
};

/** Runs scenarios one after the other, on one environment for as long as all is well on it. */
export async function createRunner(
  { folder, createDatabase }: Omit<Resources, 'programs'>,
  isQuick: boolean,
): Promise<{ run(scenario: Scenario): Promise<Findings>; stop(): Promise<void> }> {
  // Processes that are killed all the time are back three times as soon as from sources.
  const programs = await developmentPrograms();
  let shared: Environment | undefined;
  let stages = 0;
  const startNew = (ownPostgres: boolean) =>
    startEnvironment(
      { folder: join(folder, `environment-${++stages}`), createDatabase, programs },
      ownPostgres,
    );

  async function stop() {
    await shared?.stop();
    shared = undefined;
  }

  async function run(scenario: Scenario): Promise<Findings> {
    if (scenario.ownPostgres) {
      const own = await startNew(true);
      try {
        return await play(scenario, own);
      } finally {
        await own.stop();
      }
    }
    shared ??= await startNew(false);
    const findings = await play(scenario, shared);
    // What is left of a failure is not to trouble the next one.
    if (findings.broken.length > 0) await stop();
    return findings;
  }

  async function play(scenario: Scenario, environment: Environment): Promise<Findings> {
    const fixture = await createFixture(environment, isQuick);
    try {
      const measured = await Promise.race([scenario.run(fixture), bound()]);
      return { measured, broken: await fixture.audit() };
    } catch (error) {
      return { measured: {}, broken: [reasonOf(error), ...fixture.crashes()] };
    } finally {
      await fixture.clear();
    }
  }

  async function bound(): Promise<never> {
    const bounds = boundSeconds[isQuick ? 'quick' : 'whole'];
    await wait(bounds * 1000, undefined, { ref: false });
    throw new BrokenPromise(`it has not come to its end within ${bounds} s`);
  }

  return { run, stop };
}

const reasonOf = (error: unknown) =>
  error instanceof BrokenPromise ? error.message : `it did not come to its end: ${inspect(error)}`;
