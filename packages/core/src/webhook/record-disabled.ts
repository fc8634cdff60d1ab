import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { traceparentOf } from '../telemetry/trace.ts';
import type { DisabledWebhook, WebhookEventType } from './schemas.ts';
import { webhookEvents, webhooks } from './webhook.sql.ts';

const type: WebhookEventType = 'webhook.disabled';

/** The host of a URL as it is stored, with its port. */
const host = sql`substring(url from '^https://([^/?#]+)')`;

const fields: Record<keyof DisabledWebhook, SQL> = {
  webhook: sql`id`,
  host,
  description: sql`description`,
  reason: sql`disabled_reason`,
};
const data = sql`jsonb_build_object(${sql.join(
  Object.entries(fields).flatMap(([name, value]) => [sql`${sql.raw(`'${name}'`)}`, value]),
  sql`, `,
)})`;

/** The statement that records an event for each webhook of `disabled`, for the other ones of its portfolio. */
export const insertDisabled = (disabled: SQL, traceparent: SQL): SQL => sql`
  insert into ${webhookEvents} (portfolio_id, type, data, traceparent)
  select portfolio_id, ${sql.raw(`'${type}'`)}, ${data}, ${traceparent} from ${disabled} as disabled`;

/** Records that a webhook was disabled. Call it in the transaction that disables it; `cause` as of `recordWebhookEvent`. */
export async function recordDisabled(tx: Db, id: string, cause?: string): Promise<void> {
  const traceparent = sql`${traceparentOf(cause)}::text`;
  await tx.execute(insertDisabled(sql`(select * from ${webhooks} where id = ${id})`, traceparent));
}
