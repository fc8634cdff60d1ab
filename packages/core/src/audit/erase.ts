import { eq, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { webhookDeliveries, webhookEvents } from '../webhook/webhook.sql.ts';
import { auditLog, securityEvents } from './audit.sql.ts';

/** Erases the addresses of a person's entries, also in messages that are stored. No seal covers them. */
export async function eraseAddresses(db: Db, personId: string): Promise<void> {
  const nowhere = { address: null };
  await db.update(auditLog).set(nowhere).where(eq(auditLog.actor, personId));
  await db.delete(securityEvents).where(eq(securityEvents.actor, personId));
  await db
    .update(webhookEvents)
    .set({ data: sql`data - 'address'` })
    .where(sql`type = 'audit.recorded' and data ->> 'actor' = ${personId}`);
  await db
    .update(webhookDeliveries)
    .set({ payload: sql`payload #- '{data,address}'` })
    .where(sql`event = 'audit.recorded' and payload -> 'data' ->> 'actor' = ${personId}`);
}
