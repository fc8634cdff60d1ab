import { and, desc, eq, lt } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { newest } from '../ids.ts';
import { people } from '../person/person.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso } from '../sql.ts';
import { securityEvents } from './audit.sql.ts';
import type { SecurityEventKind } from './schemas.ts';

/** Up to `limit` security events, newest first: of one portfolio, or of all and of none. */
export function fetchSecurityEvents(
  db: Db,
  { portfolioId, kind }: { portfolioId?: string | undefined; kind?: SecurityEventKind | undefined },
  { cursor = newest('securityEvent'), limit }: { cursor?: string | undefined; limit: number },
) {
  return db
    .select({
      id: securityEvents.id,
      portfolio: portfolios.slug,
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
    .leftJoin(portfolios, eq(portfolios.id, securityEvents.portfolioId))
    .where(
      and(
        lt(securityEvents.id, cursor),
        portfolioId === undefined ? undefined : eq(securityEvents.portfolioId, portfolioId),
        kind === undefined ? undefined : eq(securityEvents.kind, kind),
      ),
    )
    .orderBy(desc(securityEvents.id))
    .limit(limit);
}
