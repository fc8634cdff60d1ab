import type postgres from 'postgres';
import type { Logger } from './log.ts';
import { toOutage } from './outage.ts';

/**
 * Calls `receive` with each payload that is sent to a channel, and `onListening` whenever it starts to listen: earlier
 * payloads are lost. Resolves when it listens, or if the database is unavailable; it then keeps retrying.
 */
export async function listenTo(
  sql: postgres.Sql,
  log: Logger,
  channel: string,
  receive: (payload: string) => void,
  onListening: () => void,
): Promise<void> {
  try {
    await sql.listen(channel, receive, onListening);
  } catch (error) {
    if (!toOutage(error)) throw error;
    log.warn({ err: error, channel }, 'the database is unavailable; listening will be retried');
  }
}
