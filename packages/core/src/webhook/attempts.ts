import { and, eq, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { jobs } from '../job/job.sql.ts';
import { prepared } from '../sql.ts';
import { nextVersion } from '../version.sql.ts';
import { insertDisabled, recordDisabled } from './record-disabled.ts';
import { readMessage } from './schemas.ts';
import { storedSecretColumns } from './stored-secrets.ts';
import { webhookDeliveries, webhooks } from './webhook.sql.ts';

/** A webhook is disabled by a failed message if none was delivered for this long: receivers have weekends. */
const maxFailingDays = 5;

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
      stored: storedSecretColumns,
    })
    .from(webhookDeliveries)
    .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
    .where(eq(webhookDeliveries.id, sql.placeholder('id')))
    .prepare('webhook_delivery_to_send'),
);

/** Reads a delivery with everything needed to send it; undefined if its webhook was deleted. */
export async function fetchToSend(db: Db, deliveryId: string) {
  const [found] = await byId(db).execute({ id: deliveryId });
  return found && { ...found, payload: readMessage(found.payload) };
}

/**
 * Stores the outcome of an attempt, for the delivery and for its webhook. An attempt whose lease was lost may report
 * late: its success still counts, and its failure is ignored if another attempt has delivered the message.
 */
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
      .where(and(eq(webhookDeliveries.id, deliveryId), ne(webhookDeliveries.state, 'delivered')))
      .returning({ webhookId: webhookDeliveries.webhookId });
    if (!delivery) return;
    const { failingSince, id } = webhooks;
    const [changes, failingSinceNow] = isDelivered
      ? [isNotNull(failingSince), null]
      : [isNull(failingSince), sql`now()`];
    // Mostly there is nothing to change, so that concurrent attempts do not wait for each other.
    await tx
      .update(webhooks)
      .set({ failingSince: failingSinceNow })
      .where(and(eq(id, delivery.webhookId), changes));
  });
}

/** Disables a webhook whose receiver answered that it is gone (410). */
export async function disableGone(db: Db, deliveryId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [disabled] = await tx
      .update(webhooks)
      .set({ enabled: false, disabledReason: 'gone', version: nextVersion, updatedAt: sql`now()` })
      .where(
        sql`${webhooks.enabled} and ${webhooks.id} = (
          select webhook_id from ${webhookDeliveries} where id = ${deliveryId})`,
      )
      .returning({ id: webhooks.id });
    if (disabled) await recordDisabled(tx, disabled.id);
  });
}

/**
 * Marks deliveries as failed whose jobs finished without success, and disables webhooks that have been failing for too
 * long. Workers may do so concurrently.
 */
export async function settleFailedDeliveries(db: Db): Promise<void> {
  await settleFailed(db).execute();
}

const settleFailed = prepared((db) => {
  const ended = db.$with('ended', { id: webhookDeliveries.id }).as(sql`
    select d.id, j.state, j.error ->> 'message' as message
    from ${webhookDeliveries} d left join ${jobs} j on j.id = d.job_id
    where d.state = 'pending' and coalesce(j.state, 'failed') not in ('queued', 'running', 'succeeded')
    limit 500 for update of d skip locked`);
  const failed = db.$with('failed', { webhookId: webhookDeliveries.webhookId }).as(sql`
    update ${webhookDeliveries} d set state = 'failed', error = coalesce(d.error, e.message)
    from ${ended} e where d.id = e.id
    returning d.webhook_id, e.state`);
  const disabled = db.$with('disabled', { id: webhooks.id }).as(sql`
    update ${webhooks} set enabled = false, disabled_reason = 'failing', version = nextval('row_versions'),
      updated_at = now()
    where enabled and failing_since < now() - ${sql.raw(`interval '${maxFailingDays} days'`)}
      and id = any(array(select webhook_id from ${failed} where state is distinct from 'cancelled'))
    returning *`);
  const recorded = db.$with('recorded', {}).as(insertDisabled(sql`${disabled}`, sql`null`));
  return db
    .with(ended, failed, disabled, recorded)
    .select({ id: disabled.id })
    .from(disabled)
    .prepare('webhook_settle_failed');
});
