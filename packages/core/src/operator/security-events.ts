import { z } from 'zod';
import { fetchSecurityEvents } from '../audit/fetch-security-events.ts';
import { securityEventKindSchema } from '../audit/schemas.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolioOfOperator } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { operatorSecurityEventSchema } from './schemas.ts';

export const securityEvents = operation({
  name: 'operator.securityEvents',
  kind: 'query',
  summary:
    'List who was refused, newest first: in all portfolios and outside of them, such as credentials that nobody knows. They are counted by hour and stored for 90 days.',
  scope: 'operator:read',
  public: false,
  input: z.strictObject({
    portfolio: slugSchema.optional().describe('Only events of this portfolio.'),
    kind: securityEventKindSchema.optional().describe('Only events of this kind.'),
    ...pageInput,
  }),
  output: pageOf(operatorSecurityEventSchema),
  tenant: portfolioOfOperator,
  isAudited: true,
  async run({ db }, { kind, limit, cursor }, portfolio) {
    const which = { portfolioId: portfolio?.id, kind };
    return toPage(await fetchSecurityEvents(db, which, { cursor, limit: limit + 1 }), limit);
  },
});
