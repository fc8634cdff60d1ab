import { z } from 'zod';
import { invalidInput } from '../errors.ts';
import { limitJobs } from '../job/limits.ts';
import { operation } from '../operation.ts';
import { portfolioOfOperator } from '../tenancy.ts';
import { limitsSchema, reasonSchema, scopeInput } from './schemas.ts';
import { readLimits } from './scopes.ts';

export const limit = operation({
  name: 'operator.limit',
  kind: 'mutation',
  summary:
    'Limit how many jobs run at a time: of a portfolio, of a kind in all portfolios together, or of a kind in a ' +
    'portfolio. Running ones continue. Returns all limits.',
  scope: 'operator:write',
  shows: ['operator:read'],
  public: false,
  input: z.strictObject({
    ...scopeInput,
    mostRunning: z
      .int()
      .min(1, 'Expected at least 1. Pause the jobs instead, so that none starts.')
      .max(100_000)
      .nullable()
      .describe('Null removes the limit.'),
    reason: reasonSchema,
  }),
  output: limitsSchema,
  tenant: portfolioOfOperator,
  async run({ db, wakeUps }, { kind, mostRunning, reason }, portfolio) {
    if (portfolio === undefined && kind === undefined)
      throw invalidInput([{ pointer: '/kind', detail: 'Expected a kind, a portfolio, or both.' }]);
    const most = mostRunning === null ? null : { mostRunning, reason };
    const waiting = await limitJobs(db, { portfolioId: portfolio?.id, kind }, most);
    for (const each of waiting) wakeUps.notify(each);
    return readLimits(db);
  },
});
