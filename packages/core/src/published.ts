import { sql } from 'drizzle-orm';
import type { Db } from './context.ts';

/** The Postgres channel on which changes of what strangers read are announced: slugs of portfolios. */
export const publishedChannel = 'published_changes';

/**
 * Announces with the commit of `tx` that what strangers read of a portfolio may have changed, or of any if no slug
 * is given. Such changes are rare, so the lock that NOTIFY takes at commit costs little, and none is lost.
 */
export async function announceChange(tx: Db, portfolio: string | undefined): Promise<void> {
  await tx.execute(sql`select pg_notify(${publishedChannel}, ${portfolio ?? ''})`);
}
