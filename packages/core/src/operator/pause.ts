import { z } from 'zod';
import { pauseJobs } from '../job/pauses.ts';
import { operation } from '../operation.ts';
import { portfolioOfOperator } from '../tenancy.ts';
import { pausesSchema, reasonSchema, scopeInput } from './schemas.ts';
import { readPauses } from './scopes.ts';

export const pause = operation({
  name: 'operator.pause',
  kind: 'mutation',
  summary:
    'Keep jobs from starting: of a portfolio, of a kind, of both, or all. They are accepted as before, and running ones ' +
    'continue. Returns all pauses.',
  scope: 'operator:write',
  shows: ['operator:read'],
  public: false,
  input: z.strictObject({ ...scopeInput, reason: reasonSchema }),
  output: pausesSchema,
  tenant: portfolioOfOperator,
  async run({ db }, { kind, reason }, portfolio) {
    await pauseJobs(db, { portfolioId: portfolio?.id, kind }, reason);
    return readPauses(db);
  },
});
