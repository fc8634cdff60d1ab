import { afterEach, expect, test, vi } from 'vitest';
import { testFolder } from '../tests/support/folder.ts';
import { startPrometheus } from './prometheus.ts';
import { readStartArguments } from './start-arguments.ts';

afterEach(() => vi.unstubAllEnvs());

test('where Prometheus is not installed, nothing is started and nothing fails', async () => {
  const folder = await testFolder();
  vi.stubEnv('PATH', folder);
  expect(await startPrometheus({ folder, targets: { 'portfolio-api': '127.0.0.1:1' } })).toBeNull();
});

test('npm start observes only with --observe', () => {
  expect(readStartArguments([])).toEqual({ observe: false });
  expect(readStartArguments(['--observe'])).toEqual({ observe: true });
});
