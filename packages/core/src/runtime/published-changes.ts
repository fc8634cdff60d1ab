import type postgres from 'postgres';
import type { Published } from '../context.ts';
import { publishedChannel } from '../published.ts';
import { listenTo } from './listen.ts';
import type { Logger } from './log.ts';

/** Notifies processes of changes by LISTEN. After a lost connection, everything counts as changed. */
export function createPublished(sql: postgres.Sql, log: Logger): Published & { listen(): Promise<void> } {
  const listeners = new Set<(portfolio: string | undefined) => void>();
  const changed = (portfolio: string | undefined) => listeners.forEach((listener) => listener(portfolio));
  return {
    changed,
    onChange: (listener) => void listeners.add(listener),
    listen: () =>
      listenTo(
        sql,
        log,
        publishedChannel,
        (portfolio) => changed(portfolio || undefined),
        () => changed(undefined),
      ),
  };
}
