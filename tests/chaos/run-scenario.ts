import { inspect } from 'node:util';
import { BrokenPromise, type Measured, type Scenario } from './scenario.ts';
import { setScene } from './scene.ts';
import { type Ground, type Stage, startStage } from './stage.ts';

export type Findings = {
  measured: Measured;
  /** The promises that did not hold, one a line. */
  broken: string[];
};

/** Runs scenarios one after the other, on one stage for as long as all is well on it. */
export function createRunner({ folder, createDatabase }: Ground, isQuick: boolean) {
  let shared: Stage | undefined;
  let stages = 0;
  const startNew = (ownPostgres: boolean) =>
    startStage({ folder: `${folder}/stage-${++stages}`, createDatabase }, ownPostgres);

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

  async function play(scenario: Scenario, stage: Stage): Promise<Findings> {
    const scene = await setScene(stage, isQuick);
    try {
      return { measured: await scenario.run(scene), broken: await scene.audit() };
    } catch (error) {
      return { measured: {}, broken: [reasonOf(error), ...scene.crashes()] };
    } finally {
      await scene.clear();
    }
  }

  return { run, stop };
}

const reasonOf = (error: unknown) =>
  error instanceof BrokenPromise ? error.message : `it did not come to its end: ${inspect(error)}`;
