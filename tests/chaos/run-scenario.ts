import { BrokenPromise, type Measured, type Scenario } from './scenario.ts';
import { type Ground, startScene } from './scene.ts';

/** Runs a scenario on a scene of its own and audits it; `broken` holds the promises that did not hold, one a line. */
export async function runScenario(
  scenario: Scenario,
  ground: Ground,
  isQuick: boolean,
): Promise<{ measured: Measured; broken: string[] }> {
  const scene = await startScene(ground, { ownPostgres: scenario.ownPostgres ?? false, isQuick });
  try {
    const measured = await scenario.run(scene);
    return { measured, broken: await scene.audit() };
  } catch (error) {
    if (!(error instanceof BrokenPromise)) throw error;
    return { measured: {}, broken: [error.message, ...(await scene.audit())] };
  } finally {
    await scene.stop();
  }
}
