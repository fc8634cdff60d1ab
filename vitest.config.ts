import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const isSlow = ({ moduleId }: TestSpecification) => /\/(tests|dev|scripts)\//.test(moduleId);

/** What starts whole platforms takes longest, and goes first: begun last, one file would run alone for a minute. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await BaseSequencer.prototype.sort.call(this, files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'tests/**/*.test.ts', 'dev/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: ['tests/support/run.ts'],
    // Files share their modules, which take longer to load than most tests to run: no file may change a module.
    isolate: false,
    sequence: { sequencer: SlowFirst },
    // One more than processors, since tests wait a lot; each brings servers, and all share 100 connections to Postgres.
    maxWorkers: Math.min(availableParallelism() + 1, 4),
    // The AWS SDK asks for some; the local servers take any.
    env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    // Bounds for what hangs, not measures: machines are slow at times, and files wait for the same synthesis.
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
