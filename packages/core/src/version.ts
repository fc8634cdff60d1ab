import { z } from 'zod';
import { AppError } from './errors.ts';

/** Input field of every change of an existing resource; REST sends it in the header `If-Match`. */
export const expectedVersion = {
  expectedVersion: z
    .union([z.int().min(1), z.literal('*')])
    .describe('The `version` that the change is based on, or `*` to change any version.'),
};

/** Throws `precondition_failed` if the resource no longer has the version that the caller read. */
export function requireVersion(found: { version: number }, expected: number | '*'): void {
  if (expected === '*' || found.version === expected) return;
  throw new AppError(
    'precondition_failed',
    `Version conflict: the current version is ${found.version}, expected ${expected}. Read the resource again, then retry the change.`,
  );
}
