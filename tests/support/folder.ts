import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

/** Creates an empty folder for a test. It is removed at the end of the run. */
export function testFolder(): Promise<string> {
  return mkdtemp(join(inject('runFolder'), 'test-'));
}
