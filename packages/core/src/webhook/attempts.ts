import { eq, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { jobs } from '../job/job.sql.ts';
import { prepared } from '../sql.ts';
import { nextVersion } from '../version.sql.ts';
import { webhookDeliveries, webhooks } from './webhook.sql.ts';

/** So many deliveries in a row that failed, each after all its tries, switch a webhook off. */
const maxFailures = 20;

const byId = prepared((db) =>
  db
    .select({
      messageId: webhookDeliveries.messageId,
      event: webhookDeliveries.event,
      payload: webhookDeliveries.payload,
      state: webhookDeliveries.state,
      responseStatus: webhookDeliveries.responseStatus,
      url: webhooks.url,
      enabled: webhooks.enabled,
      secret: webhooks.secret,
      previousSecret: sql<
        string | null
      >`case when ${webhooks.previousSecretUntil} > now() then ${webhooks.previousSecret} end`,
    })
    .from(webhookDeliveries)
    .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
    .where(eq(webhookDeliveries.id, sql.placeholder('id')))
    .prepare('webhook_delivery_to_send'),
);

/** A delivery with all that it takes to send it; undefined where its webhook was deleted. */
export async function fetchToSend(db: Db, deliveryId: string) {
  const [found] = await byId(db).execute({ id: deliveryId });
  return found;
}

/** Keeps what came of a try. Success counts for the webhook too; its failures count when the tries are used up. */
export async function recordAttempt(
  db: Db,
  deliveryId: string,
  { isDelivered, ...outcome }: { isDelivered: boolean; responseStatus: number | null; error: string | null },
): Promise<void> {
  await db.transaction(async (tx) => {
    const [delivery] = await tx
      .update(webhookDeliveries)
      .set({
        ...outcome,
        attempts: sql`${webhookDeliveries.attempts} + 1`,
        ...(isDelivered && { state: 'delivered' as const, deliveredAt: sql`now()` }),
      })
      .where(eq(webhookDeliveries.id, deliveryId))
      .returning({ webhookId: webhookDeliveries.webhookId });
    if (!delivery || !isDelivered) return;
    await tx.update(webhooks).set({ failures: 0 }).where(eq(webhooks.id, delivery.webhookId));
  });
}

/** Switches a webhook off whose receiver says that it is gone. */
export async function disableGone(db: Db, deliveryId: string): Promise<void> {
  await db
    .update(webhooks)
    .set({ enabled: false, disabledReason: 'gone', version: nextVersion, updatedAt: sql`now()` })
    .where(
      sql`${webhooks.enabled} and ${webhooks.id} = (
        select webhook_id from ${webhookDeliveries} where id = ${deliveryId})`,
    );
}

/**
 * Marks deliveries as failed whose jobs ended without success, however they did, and switches webhooks off to which
 * too many in a row failed. Any number of workers may do so at once.
 */
export async function settleFailedDeliveries(db: Db): Promise<void> {
  await settleFailed(db).execute();
}

const settleFailed = prepared((db) => {
  const ended = db.$with('ended', { id: webhookDeliveries.id, state: jobs.state }).as(sql`
    select d.id, j.state, j.error ->> 'message' as message
    from ${webhookDeliveries} d left join ${jobs} j on j.id = d.job_id
    where d.state = 'pending' and coalesce(j.state, 'failed') not in ('queued', 'running', 'succeeded')
    limit 500 for update of d skip locked`);
  const failed = db.$with('failed', { webhookId: webhookDeliveries.webhookId }).as(sql`
    update ${webhookDeliveries} d set state = 'failed', error = coalesce(d.error, e.message)
    from ${ended} e where d.id = e.id
    returning d.webhook_id, e.state`);
  const counted = db.$with('counted', { webhookId: webhookDeliveries.webhookId }).as(sql`
    select webhook_id, count(*) filter (where state is distinct from 'cancelled') as failures
    from ${failed} group by webhook_id`);
  const settled = db.$with('settled', { id: webhooks.id }).as(sql`
    update ${webhooks} w set failures = w.failures + c.failures,
      enabled = w.failures + c.failures < ${sql.raw(String(maxFailures))},
      disabled_reason = case when w.failures + c.failures >= ${sql.raw(String(maxFailures))} then 'failing' end,
      version = case when w.failures + c.failures >= ${sql.raw(String(maxFailures))}
        then nextval('row_versions') else w.version end
    from ${counted} c where w.id = c.webhook_id and w.enabled
    returning w.id`);
  return db.with(ended, failed, counted, settled).select().from(settled).prepare('webhook_settle_failed');
});
