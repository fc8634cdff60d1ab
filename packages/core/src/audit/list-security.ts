import { z } from 'zod';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { fetchSecurityEvents } from './fetch-security-events.ts';
import { securityEventKindSchema, securityEventSchema } from './schemas.ts';

export const listSecurityEvents = operation({
  name: 'audit.security',
  kind: 'query',
  summary:
    'List who was refused in a portfolio, newest first: by an ended key, by scopes, or as no member. They are counted by hour and stored for 90 days.',
  scope: 'audit:read',
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    kind: securityEventKindSchema.optional().describe('Only events of this kind.'),
    ...pageInput,
  }),
  output: pageOf(securityEventSchema),
  tenant: tenantBySlug,
  async run({ db }, { kind, limit, cursor }, { id: portfolioId }) {
    const rows = await fetchSecurityEvents(db, { portfolioId, kind }, { cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});
