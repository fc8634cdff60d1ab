import type postgres from 'postgres';
import type { Logger } from './log.ts';
import { toOutage } from './outage.ts';

/**
 * Has `receive` called with what is sent to a channel, and `onListening` whenever it begins to listen: what was sent before
 * is lost. Resolves when it listens, or where the database is away: it goes on trying by itself.
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
    log.warn({ err: error, channel }, 'the database is away: listening begins when it is back');
  }
}
