import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { SlowFirst } from './tests/support/slow-first.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    isExhaustive: boolean;
  }
}

/** `npm run test:all` asks for the mode `all`, which leaves nothing out. */
export default defineConfig(({ mode }) => {
  const isExhaustive = mode === 'all';
  return {
    test: {
      include: ['packages/**/*.test.ts', 'tests/**/*.test.ts', 'dev/**/*.test.ts', 'scripts/**/*.test.ts'],
      exclude: [...configDefaults.exclude, ...(isExhaustive ? [] : ['**/*.exhaustive.test.ts'])],
      provide: { isExhaustive },
      globalSetup: ['tests/support/run.ts'],
      // Files share their modules, which take longer to load than most tests to run: no file may change a module.
      isolate: false,
      sequence: { sequencer: SlowFirst },
      // Twice as many as processors, since tests wait a lot.
      maxWorkers: Math.min(availableParallelism() * 2, 8),
      // The AWS SDK asks for some; the local servers take any.
      env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
      // Bounds for what hangs, not measures: machines are slow at times, and files wait for the same synthesis.
      testTimeout: 120_000,
      hookTimeout: 300_000,
      // What postgres.js asks a new connection for itself fails where nobody can catch it; the programs log such errors.
      onUnhandledError: (error) =>
        'query' in error && String(error.query).includes('a.typcategory = ') ? false : undefined,
      coverage: {
        provider: 'v8',
        include: ['packages/*/src/**'],
        exclude: ['**/*.test.ts'],
        reporter: ['text-summary'],
        reportsDirectory: 'build/coverage',
      },
    },
  };
});
