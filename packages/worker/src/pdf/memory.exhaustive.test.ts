import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('testing/measure.ts', import.meta.url));

// Without limits, the memory of a process depends on the load of the machine. The second limit is that of the rendering
// threads: a young generation of 48 MB consists of three such spaces.
const heapLimits = ['--max-old-space-size=256', '--max-semi-space-size=16'];

test('a body of 1 MB renders within a heap of 256 MB, in a process that stays below 512 MB, with increasing progress', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...heapLimits, script, '1000000']);
  const { pages, megabytes, progressSteps }: Record<string, number> = JSON.parse(stdout);
  expect(pages).toBeGreaterThan(300);
  expect(progressSteps).toBeGreaterThan(200);
  expect(megabytes).toBeLessThan(512);
}, 120_000);
