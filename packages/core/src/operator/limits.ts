import { z } from 'zod';
import { operation } from '../operation.ts';
import { limitsSchema } from './schemas.ts';
import { readLimits } from './scopes.ts';

export const limits = operation({
  name: 'operator.limits',
  kind: 'query',
  summary: 'List the limits of running jobs, the oldest first.',
  scope: 'operator:read',
  public: false,
  input: z.strictObject({}),
  output: limitsSchema,
  tenant: 'none',
  run: ({ db }) => readLimits(db),
});
