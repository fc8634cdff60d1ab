import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { isExhaustive } from '../support/exhaustive.ts';
import { testFolder } from '../support/folder.ts';
import { createRunner } from './run-scenario.ts';
import { scenarios } from './scenarios/index.ts';

describe('the promises about jobs hold', () => {
  let runner: Awaited<ReturnType<typeof createRunner>>;
  beforeAll(async () => {
    runner = await createRunner({ folder: await testFolder(), createDatabase: testDatabase }, true);
  });
  afterAll(() => runner.stop());

  // A bound for what hangs: each takes a few seconds.
  const timeout = 180_000;
  const tested = scenarios.filter((one) => (isExhaustive ? one.tested !== 'never' : one.tested === 'always'));
  test.each(tested)('under $name', { timeout }, async (scenario) => {
    const { needs } = scenario;
    if (needs && !needs.isThere()) throw new Error(`Install the Debian package ${needs.package}.`);
    expect((await runner.run(scenario)).broken).toEqual([]);
  });
});
