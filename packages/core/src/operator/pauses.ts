import { z } from 'zod';
import { operation } from '../operation.ts';
import { pausesSchema } from './schemas.ts';
import { readPauses } from './scopes.ts';

export const pauses = operation({
  name: 'operator.pauses',
  kind: 'query',
  summary: 'List the pauses of jobs, the oldest first.',
  scope: 'operator:read',
  public: false,
  input: z.strictObject({}),
  output: pausesSchema,
  tenant: 'none',
  run: ({ db }) => readPauses(db),
});
