import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'tests/**/*.test.ts', 'dev/**/*.test.ts', 'scripts/**/*.test.ts'],
    globalSetup: ['tests/support/cluster.ts'],
    // Files share their modules, which take longer to load than most tests to run: no file may change a module.
    isolate: false,
    // Each worker brings servers of its own, and all share one Postgres with 100 connections.
    maxWorkers: Math.min(availableParallelism(), 4),
    // The AWS SDK asks for some; the local servers take any.
    env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    // Bounds for what hangs, not measures: machines are slow at times, and files wait for the same synthesis.
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
