import { join } from 'node:path';
import { root } from '../repository.ts';
import { collectorProgram } from './install.ts';
import { runTool } from './run-tool.ts';

const test = 'tests/infra/collector.verify.test.ts';

/**
 * Runs sidecar and gateway of a stage by the real collector, built with the parts that they use. The checks are tests, which
 * Vitest leaves out in any other mode.
 */
export async function collector() {
  await collectorProgram();
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  return runTool(process.execPath, [vitest, 'run', '--mode=verify', test]);
}
