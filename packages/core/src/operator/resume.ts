import { z } from 'zod';
import { resumeJobs } from '../job/pauses.ts';
import { operation } from '../operation.ts';
import { portfolioOfOperator } from '../tenancy.ts';
import { pausesSchema, scopeInput } from './schemas.ts';
import { readPauses } from './scopes.ts';

export const resume = operation({
  name: 'operator.resume',
  kind: 'mutation',
  summary: 'End the pause of exactly these jobs. Returns the pauses that remain: wider and narrower ones do.',
  scope: 'operator:write',
  shows: ['operator:read'],
  public: false,
  input: z.strictObject(scopeInput),
  output: pausesSchema,
  tenant: portfolioOfOperator,
  async run({ db, wakeUps }, { kind }, portfolio) {
    const waiting = await resumeJobs(db, { portfolioId: portfolio?.id, kind });
    for (const each of waiting) wakeUps.notify(each);
    return readPauses(db);
  },
});
