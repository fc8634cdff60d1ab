import { sql } from 'drizzle-orm';
import type { Db } from './context.ts';

/** The Postgres channel that announces changes of published content; payloads are slugs of portfolios. */
export const publishedChannel = 'published_changes';

/**
 * Announces with the commit of `tx` that a portfolio's published content may have changed. At commit, NOTIFY takes a
 * lock that all transactions share, so call it only for changes that anonymous readers may see.
 */
export async function announceChange(tx: Db, portfolio: string): Promise<void> {
  await tx.execute(sql`select pg_notify(${publishedChannel}, ${portfolio})`);
}
