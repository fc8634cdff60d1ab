import { sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { webhookEvents } from './webhook.sql.ts';

/** More are not counted: whoever reads this knows then that it is far too many. */
const most = 10_000;

const waitingEvents = prepared((db) =>
  db
    .select({
      events: sql<number>`count(*)::int`,
      oldestSeconds: sql<number>`coalesce(extract(epoch from now() - min(at)), 0)::float8`,
    })
    .from(
      sql`(select ${webhookEvents.at} from ${webhookEvents} order by ${webhookEvents.id} limit ${sql.raw(String(most))}) as oldest`,
    )
    .prepare('webhook_events_waiting'),
);

/** The events that have no deliveries yet: their number, at most 10,000, and the age of the oldest in seconds. */
export async function readWaitingEvents(db: Db): Promise<{ events: number; oldestSeconds: number }> {
  const [found] = await waitingEvents(db).execute();
  return found!;
}
