import type { Db } from '@portfolio/core/context';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import type { TestServices } from './services.ts';

/** Does one thing in a transaction that is committed only when another, which is begun after it, waits for it. */
export async function overlap<First, Second>(
  { db, sql }: Pick<TestServices, 'db' | 'sql'>,
  first: (tx: Db) => Promise<First>,
  second: (tx: Db) => Promise<Second>,
): Promise<[First, Second]> {
  const [done, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const one = db.transaction(async (tx) => {
    const result = await first(tx);
    done.resolve();
    await commit.promise;
    return result;
  });
  await Promise.race([done.promise, one]);
  const both = Promise.all([one, db.transaction(second)]);
  both.catch(() => {});
  await eventually(async () => {
    const waiting = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    expect(waiting).toHaveLength(1);
  });
  commit.resolve();
  return both;
}
