import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { people } from '../person/person.sql.ts';
import { iso } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { securityEvents } from './audit.sql.ts';
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
  async run({ db }, { kind, limit, cursor = newest('securityEvent') }, tenant) {
    const rows = await db
      .select({
        id: securityEvents.id,
        kind: securityEvents.kind,
        actor: securityEvents.actor,
        actorName: people.name,
        credential: securityEvents.credential,
        address: securityEvents.address,
        operation: securityEvents.operation,
        count: securityEvents.count,
        firstAt: iso(securityEvents.firstAt),
        lastAt: iso(securityEvents.lastAt),
      })
      .from(securityEvents)
      .leftJoin(people, eq(people.id, securityEvents.actor))
      .where(
        and(
          eq(securityEvents.portfolioId, tenant.id),
          lt(securityEvents.id, cursor),
          kind === undefined ? undefined : eq(securityEvents.kind, kind),
        ),
      )
      .orderBy(desc(securityEvents.id))
      .limit(limit + 1);
    return toPage(rows, limit);
  },
});
