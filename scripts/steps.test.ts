import { afterEach, expect, test, vi } from 'vitest';
import { runSteps } from './steps.ts';

const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
const exitCode = process.exitCode;
afterEach(() => {
  process.exitCode = exitCode;
  printed.mockClear();
});

const output = () => printed.mock.calls.join('\n');

test('successful steps exit with zero and print none of their output', async () => {
  await runSteps({ format: async () => undefined });
  expect(process.exitCode).toBe(0);
  expect(output()).toMatch(/^ok {5}format \([\d.]+ s\)\nAll clean after [\d.]+ s\.$/);
});

test('a step that finds problems, or cannot run, fails the command and shows why', async () => {
  await runSteps({
    format: async () => 'one.ts is not formatted',
    lint: async () => Promise.reject(new Error('no such linter')),
    types: async () => undefined,
  });
  expect(process.exitCode).toBe(1);
  expect(output()).toMatch(/FAILED format .*\n\none\.ts is not formatted\n/);
  expect(output()).toMatch(/FAILED lint .*\n\nno such linter\n/);
  expect(output()).toMatch(/Not clean: format, lint\.$/);
});
