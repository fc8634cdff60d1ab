import { z } from 'zod';
import { AppError } from './errors.ts';

/** Input field of every change of an existing thing; by REST it comes in the header `If-Match`. */
export const expectedVersion = {
  expectedVersion: z
    .union([z.int().min(1), z.literal('*')])
    .describe('The `version` that the change was made for, or `*` to change whatever is there.'),
};

/** Throws `precondition_failed` where the thing is no longer the version that the caller had read. */
export function requireVersion(found: { version: number }, expected: number | '*'): void {
  if (expected === '*' || found.version === expected) return;
  throw new AppError(
    'precondition_failed',
    `It was changed meanwhile: its version is ${found.version}, not ${expected}. Read it again, then repeat the change.`,
  );
}
