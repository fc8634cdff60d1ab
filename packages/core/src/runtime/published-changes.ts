import type postgres from 'postgres';
import type { Published } from '../context.ts';
import { publishedChannel } from '../published.ts';

type Listener = (portfolio: string | undefined) => void;

/**
 * Tells this process what strangers' reads may have changed: at once for its own changes, by LISTEN for those of
 * others. `undefined` stands for all portfolios, also after a lost connection, when changes may have been missed.
 */
export function createPublished(
  sql: postgres.Sql,
): Published & { listen(): Promise<void>; onChange(listener: Listener): void } {
  const listeners = new Set<Listener>();
  const changed: Listener = (portfolio) => listeners.forEach((listener) => listener(portfolio));
  return {
    changed,
    onChange: (listener) => void listeners.add(listener),
    async listen() {
      await sql.listen(
        publishedChannel,
        (portfolio) => changed(portfolio || undefined),
        () => changed(undefined),
      );
    },
  };
}
