import type postgres from 'postgres';
import type { Published } from '../context.ts';
import { publishedChannel } from '../published.ts';

/** News of changes between processes, by LISTEN; after a lost connection everything may have changed. */
export function createPublished(sql: postgres.Sql): Published & { listen(): Promise<void> } {
  const listeners = new Set<(portfolio: string | undefined) => void>();
  const changed = (portfolio: string | undefined) => listeners.forEach((listener) => listener(portfolio));
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
