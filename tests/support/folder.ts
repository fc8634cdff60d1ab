import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

/** Makes an empty folder for a test. It is removed with all else at the end of the run. */
export function testFolder(): Promise<string> {
  return mkdtemp(join(inject('runFolder'), 'test-'));
}
