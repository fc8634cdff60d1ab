import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { developmentPrograms } from '../../dev/programs.ts';
import { BrokenPromise, type Measured, type Scenario } from './scenario.ts';
import { createFixture } from './fixture.ts';
import { type Beginning, type Resources, type Environment, startEnvironment } from './environment.ts';

/** The timeouts of a scenario. */
const timeoutSeconds = { quick: 150, whole: 1200 };

export type Findings = {
  measured: Measured;
  /** The promises that did not hold, one per line. */
  broken: string[];
};

/** Runs scenarios one after the other, in one environment as long as none of them fails. */
export async function createRunner(
  { folder, createDatabase }: Omit<Resources, 'programs'>,
  isQuick: boolean,
): Promise<{ run(scenario: Scenario): Promise<Findings>; stop(): Promise<void> }> {
  // Bundles start three times as fast as sources, and scenarios restart processes often.
  const programs = await developmentPrograms();
  let shared: Environment | undefined;
  let environments = 0;
  const startNew = (beginning: Beginning) =>
    startEnvironment(
      { folder: join(folder, `environment-${++environments}`), createDatabase, programs },
      beginning,
    );

  async function stop() {
    await shared?.stop();
    shared = undefined;
  }

  async function run(scenario: Scenario): Promise<Findings> {
    if (scenario.ownPostgres || scenario.previousRelease) {
      const own = await startNew(scenario);
      try {
        return await runIn(scenario, own);
      } finally {
        await own.stop();
      }
    }
    shared ??= await startNew({});
    const findings = await runIn(scenario, shared);
    // The leftovers of a failure must not affect the next scenario.
    if (findings.broken.length > 0) await stop();
    return findings;
  }

  async function runIn(scenario: Scenario, environment: Environment): Promise<Findings> {
    const fixture = await createFixture(environment, isQuick);
    try {
      const measured = await Promise.race([scenario.run(fixture), timeout()]);
      return { measured, broken: await fixture.audit() };
    } catch (error) {
      return { measured: {}, broken: [reasonOf(error), ...fixture.crashes()] };
    } finally {
      await fixture.clear();
    }
  }

  async function timeout(): Promise<never> {
    const seconds = timeoutSeconds[isQuick ? 'quick' : 'whole'];
    await wait(seconds * 1000, undefined, { ref: false });
    throw new BrokenPromise(`it has not finished within ${seconds} s`);
  }

  return { run, stop };
}

const reasonOf = (error: unknown) =>
  error instanceof BrokenPromise ? error.message : `it failed: ${inspect(error)}`;
