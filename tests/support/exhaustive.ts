import { inject } from 'vitest';

/**
 * True in `npm run test:all`, which also runs the files `*.exhaustive.test.ts` and tries more generated inputs.
 * CONTRIBUTING.md lists what that adds.
 */
export const isExhaustive = inject('isExhaustive');
