import { describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { testFolder } from '../support/folder.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios/index.ts';

describe('what is promised of jobs holds', () => {
  test.each(scenarios.filter(({ quick }) => quick))('under $name', async (scenario) => {
    const ground = { folder: await testFolder(), createDatabase: testDatabase };
    const { broken } = await runScenario(scenario, ground, true);
    expect(broken).toEqual([]);
  });
});
