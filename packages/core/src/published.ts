import { sql } from 'drizzle-orm';
import type { Db } from './context.ts';

/** The Postgres channel on which changes of what strangers read are announced: slugs of portfolios. */
export const publishedChannel = 'published_changes';

/**
 * Announces with the commit of `tx` that what strangers read of a portfolio may have changed: no news is
 * lost. NOTIFY takes a lock at commit that all share, so what no stranger can see is not announced.
 */
export async function announceChange(tx: Db, portfolio: string): Promise<void> {
  await tx.execute(sql`select pg_notify(${publishedChannel}, ${portfolio})`);
}
