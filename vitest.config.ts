import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { SlowFirst } from './tests/support/slow-first.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    isExhaustive: boolean;
  }
}

/** `npm run test:all` uses the mode `all`, which runs every test; `npm run verify:all` the mode `verify`, for its own. */
export default defineConfig(({ mode }) => {
  const isExhaustive = mode === 'all';
  return {
    test: {
      include: ['packages/**/*.test.ts', 'tests/**/*.test.ts', 'dev/**/*.test.ts', 'scripts/**/*.test.ts'],
      exclude: [
        ...configDefaults.exclude,
        ...(isExhaustive ? [] : ['**/*.exhaustive.test.ts']),
        ...(mode === 'verify' ? [] : ['**/*.verify.test.ts']),
      ],
      provide: { isExhaustive },
      globalSetup: ['tests/support/run.ts'],
      // Files share their modules, which take longer to load than most tests to run: no file may change a module.
      isolate: false,
      sequence: { sequencer: SlowFirst },
      // Twice the number of processors, since tests wait a lot.
      maxWorkers: Math.min(availableParallelism() * 2, 8),
      // The AWS SDK requires credentials; the local servers accept any.
      env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
      // Generous, to catch only tests that hang: machines may be slow, and files wait for the same synthesis.
      testTimeout: 120_000,
      hookTimeout: 300_000,
      // Errors of postgres.js's own query on a new connection cannot be caught; the programs log them.
      onUnhandledError: (error) =>
        'query' in error && String(error.query).includes('a.typcategory = ') ? false : undefined,
      coverage: {
        provider: 'v8',
        include: ['packages/*/src/**/*.{ts,tsx}'],
        exclude: ['**/*.test.ts'],
        reporter: ['text-summary'],
        reportsDirectory: 'build/coverage',
      },
    },
  };
});
